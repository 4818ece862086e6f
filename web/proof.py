"""Files that prove something (佐证文件): handed in at an item or a project, and opened there."""

from collections.abc import Sequence

from starlette.responses import Response

from common.errors import RefusedError, UsageError
from operations.cases.evidence import ExhibitStatement, keep_evidence
from operations.views.evidence import EvidenceLine, evidence_lines, kept_evidence
from operations.views.worklist import OutOfReachError, require_reach
from states.authority import proof
from states.contacts import Place
from web.errand import Errand, Handler, attached, onward


def take_proof(errand: Errand) -> Response:
    """Put files on record for a subject, or for one item of it."""
    desk, fields = errand.writing_desk, errand.fields
    code = fields.get("subject", "")
    with desk.reading() as session:
        place = require_reach(session, desk, errand.who, code, money=True)
    if not errand.files:
        raise UsageError("没有选择文件；请选择扫描件、照片等佐证文件后再报送")
    actor = proof_actor(errand, place)
    if not actor:
        raise RefusedError("贵单位不能为这一项目报送佐证文件；请由办理单位报送")
    asked = ExhibitStatement(
        code,
        tuple(errand.files),
        errand.today,
        actor,
        fields.get("rule", ""),
        fields.get("evidence", "").strip(),
    )
    with desk.writing() as session:
        keep_evidence(session, desk, asked, today=errand.today, at=errand.at)
    return onward(fields.get("next", "/"))


def load_proof(errand: Errand) -> Response:
    """A file of a subject, just as it was handed in; always saved, never shown by the browser."""
    mark = errand.part("mark")
    if mark not in (line.mark for line in proofs(errand, errand.part("code"))):
        raise OutOfReachError("没有这份佐证文件，或不在您的办理范围内")
    file, path = kept_evidence(errand.desk, mark)
    name = f"{file.name.rpartition('.')[0] or file.name}.{file.media.value}"
    return attached(name, path.read_bytes(), "application/octet-stream")


def proofs(errand: Errand, code: str) -> tuple[EvidenceLine, ...]:
    """The files of a subject, for who sees all of it."""
    with errand.desk.reading() as session:
        require_reach(session, errand.desk, errand.who, code)
    return evidence_lines(errand.desk, code)


def proof_actor(errand: Errand, place: Place) -> str:
    """In whose name the reader may hand in files for what lies at a place; empty: may not."""
    return errand.who.entitled(errand.desk.plan, proof(errand.desk.plan), place)


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/proof", "POST", take_proof),
    ("/proof/{code}/{mark}", "GET", load_proof),
)
