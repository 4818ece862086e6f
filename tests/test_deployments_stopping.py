"""A signal ends what serves, whatever Python is doing when it comes."""

import signal
from time import sleep

import pytest
from prefect._internal import observers

from deployments.server.stopping import OBSERVERS, stopping_cleanly

STOPS = (signal.SIGTERM, signal.SIGINT)


class Signalled:
    """A thing during whose end a signal comes: Python drops what a destructor raises."""

    def __init__(self, stop: signal.Signals) -> None:
        self.stop = stop

    def __del__(self) -> None:
        signal.raise_signal(self.stop)


@pytest.mark.parametrize("stop", STOPS)
def test_a_signal_during_a_destructor_is_heard(
    stop: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(each) for each in STOPS]
    went_on: list[bool] = []
    with stopping_cleanly():
        Signalled(stop)
        sleep(20)
        went_on.append(True)
    assert not went_on
    assert capsys.readouterr().out == "已停止。\n"
    assert [signal.getsignal(each) for each in STOPS] == before


def test_whatever_listens_to_a_server_that_dies_is_kept_quiet() -> None:
    """Each of them tells of it with a traceback, if it is at that just then."""
    assert {name for name in vars(observers) if name.endswith("Observer")} == {*OBSERVERS}
