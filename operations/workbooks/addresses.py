"""Whether an address can be used: asked of the channel that will use it, before it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from documents.forms.contacts import FaultOf
from models.settings import Settings
from notifications.channel import Channels
from notifications.sending import DeliveryError


@contextmanager
def checking(settings: Settings) -> Iterator[FaultOf]:
    """What tells why an address cannot be used; nobody is written to, and nothing is connected."""
    with Channels(settings.outgoing) as channels:

        def fault_of(address: str) -> str:
            try:
                channels.open(address)
            except DeliveryError as error:
                return str(error)
            return ""

        yield fault_of
