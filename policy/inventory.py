"""Where the code fulfils a clause: what a plan's inventory names, and the function that does it.

The only place that knows both. A test looks every function up.
"""

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "choice": "operations.cases.review.determine",
    "siting_figures": "operations.views.siting.figures",
    "scoring": "states.scoring.evaluate",
    "courses": "states.series.courses",
    "application_summary": "documents.forms.summary.read_applications",
    "subsidy": "states.subsidy.subsidy",
    "spending_refused": "states.ledger.refusals",
    "daily_decision": "states.decide.decide",
    "bookkeeping": "operations.cases.money.book",
    "plan_check": "policy.validate.faults",
    "application_form": "documents.forms.application_form.read_application",
    "daily_digest": "notifications.render.digest",
    "delivery": "operations.daily.delivery.deliver",
    "report_intake": "operations.workbooks.report.take",
}
