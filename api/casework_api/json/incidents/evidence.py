"""`/incidents/{id}/evidence`: store a file, read its record, open its content, which is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import marshmallow as ma
import msgspec
from flask import Response, request, url_for

from casework.domain.event import unstamped
from casework.domain.incident.evidence import MAX_BYTES, EvidenceFile, SaveEvidence
from casework.usecases.evidence import SaveFile
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER
from casework_api.http.etags import etag, parse_if_match
from casework_api.http.limits import takes_body
from casework_api.http.multipart import MULTIPART, boundary_of, read_parts
from casework_api.http.problems import errors_by_path, malformed
from casework_api.json.incidents.examples import shown_metadata
from casework_api.json.incidents.routes import blueprint
from casework_api.json.incidents.schemas import EvidenceInput
from casework_projections.reading.evidence import EvidenceBody, EvidenceRecord, ReadContent, ReadEvidence

_MAX_BODY: Final = MAX_BYTES + 256 * 1024
"""A file of the largest size, with room for the metadata and the multipart boundaries."""

_IF_MATCH: Final = msgspec.structs.replace(IF_MATCH_HEADER, required=False, problems=(412, 422))

_UPLOAD: Final = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["file", "metadata"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "metadata": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "description": "The fields of `save_evidence` as JSON.",
                        "examples": [shown_metadata()],
                    },
                },
            }
        }
    },
}


@blueprint.route("/<uuid:incident_id>/evidence", methods=["POST"])
@blueprint.takes(_IF_MATCH, IDEMPOTENCY_KEY_HEADER)
@blueprint.doc(requestBody=_UPLOAD)
@blueprint.returns(201, EvidenceBody, headers=("Location", "ETag"), problems=(409, 412, 415, 422))
@takes_body(_MAX_BODY)
def upload(incident_id: UUID) -> tuple[EvidenceBody, int, dict[str, str]]:
    """Store a file as evidence. In a case of shared nudes no file is accepted, and none is read."""
    header = request.headers.get("If-Match")
    expected = None if header is None else parse_if_match(header)
    context = current.context(digest_body=False)
    evidence = current.casework().evidence
    with evidence.admit(context, incident_id) as writer:
        boundary = boundary_of(request.headers.get("Content-Type"))
        parts = read_parts(request.stream, boundary, lambda _, __: writer, max_total=_MAX_BODY)
        fields = _metadata(parts["metadata"])
        context = current.with_body(context, parts["metadata"].encode())
        at = fields.pop("at", None)
        command = SaveFile(
            incident=incident_id, step=unstamped(SaveEvidence, **fields), at=at, expected=expected
        )
        case, file = evidence.save(context, command, writer)
    where = url_for("incidents.evidence_record", incident_id=incident_id, evidence_id=file.id)
    return _body(file), 201, {"Location": where, "ETag": etag(case.incident.version)}


@blueprint.route("/<uuid:incident_id>/evidence/<uuid:evidence_id>", methods=["GET"])
@blueprint.returns(200, EvidenceRecord)
def evidence_record(incident_id: UUID, evidence_id: UUID) -> EvidenceRecord:
    """The record of a file: its size and hash, and how it was described when it was saved."""
    return current.answer(ReadEvidence(incident_id, evidence_id))


@blueprint.route("/<uuid:incident_id>/evidence/<uuid:evidence_id>/content", methods=["GET"])
@blueprint.returns(
    200, {"type": "string", "format": "binary"}, content_type="application/octet-stream", problems=(409,)
)
def evidence_content(incident_id: UUID, evidence_id: UUID) -> Response:
    """The bytes, checked against their hash. The opening is recorded on the timeline.

    HEAD shows no byte, so it records nothing.
    """
    file: EvidenceFile | EvidenceRecord
    content: Iterable[bytes] = ()
    if request.method == "HEAD":
        file = current.answer(ReadEvidence(incident_id, evidence_id))
    else:
        opened = current.answer(ReadContent(incident_id, evidence_id))
        file, content = opened.file, opened.content
    response = Response(content, content_type="application/octet-stream")
    response.headers["Content-Length"] = str(file.size)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.id}"'
    response.headers["X-Media-Type"] = file.media_type
    return response


def _metadata(text: str) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        raise malformed({"metadata": ["is not JSON"]}) from None
    try:
        fields: dict[str, Any] = EvidenceInput().load(document)
    except ma.ValidationError as error:
        raise malformed(errors_by_path(error.messages)) from None
    return fields


def _body(file: EvidenceFile) -> EvidenceBody:
    return EvidenceBody(id=file.id, sha256=file.sha256, size=file.size, media_type=file.media_type)


__all__ = ["blueprint"]
