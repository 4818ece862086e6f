"""Where the code fulfils a clause: what a plan's inventory names, and the function that does it.

The only place that knows both. A test looks every function up.
"""

from collections.abc import Mapping

FUNCTIONS: Mapping[str, str] = {
    "choice": "flows.operations.review.determine",
    "siting_figures": "flows.operations.figures.figures",
    "scoring": "states.scoring.evaluate",
    "courses": "states.series.courses",
    "application_summary": "documents.summary.read_applications",
    "subsidy": "states.subsidy.subsidy",
    "spending_refused": "states.ledger.refusals",
    "daily_decision": "states.decide.decide",
    "bookkeeping": "flows.operations.money.book",
    "plan_check": "policy.validate.faults",
    "application_form": "documents.application_form.read_application",
    "daily_digest": "notifications.render.digest",
    "delivery": "flows.operations.delivery.deliver",
    "report_intake": "flows.operations.forms.report.take",
}
