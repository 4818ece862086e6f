"""What projects are called, without everything else that is known of them."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from models.tables import Subject
from policy.schema import Plan
from policy.vocabulary import SubjectKind


def project_names(session: Session, plan: Plan, most: int) -> Mapping[str, str]:
    """The names of the first `most` projects of the plan, by code and in its order."""
    query = (
        select(Subject.code, Subject.name)
        .where(Subject.plan == plan.id, Subject.kind == SubjectKind.PROJECT)
        .order_by(col(Subject.code))
        .limit(most)
    )
    return dict(session.exec(query).all())
