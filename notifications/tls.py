"""The TLS contexts of a delivery: made once, because each one reads the system's certificates."""

import ssl
from functools import cached_property


class Tls:
    """Makes each context when it is first asked for."""

    def context(self, verify: bool) -> ssl.SSLContext:
        """The one that checks certificates, or the one for addresses that say ``verify=no``."""
        return self._checking if verify else self._trusting

    @cached_property
    def _checking(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
