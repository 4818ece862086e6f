"""A run that takes its time, for test_deployments_registering.py."""

from time import sleep

from prefect import flow


@flow
def dawdle() -> None:
    sleep(3)
