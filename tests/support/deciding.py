"""Who acts in tests where it does not matter: the province's bureau, or who alone may.

By hand from the readings, not from the plan.
"""

from tests.support.builders import plan

BUREAU = "山西省民政厅养老服务处"
FINANCE = "山西省财政厅"
BY_FINANCE = {"release_funds", "funds_released"}
BY_GOVERNMENT = {"submit_application", "application_submitted", "materials_received"}


def whose(subject: str, name: str, otherwise: str = BUREAU) -> str:
    """Who may take an action, or correct the fact that it dates: of a project of the 2023 plan."""
    if name in BY_FINANCE:
        return FINANCE
    if name in BY_GOVERNMENT:
        code = f"{subject.split('-')[1][:4]}00"
        return next(f"{city.name}人民政府" for city in plan().cities if city.code == code)
    return otherwise
