"""Which column of a file is which field, by its heading in English or Spanish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from contacts.reading import BadFile
from database.folding import folded

# Headings by field, English and Spanish, and those of Action Network's exports (can2_…). Where a
# file has several of one field, the one named first here is used, the next where it is empty.
HEADINGS: dict[str, str] = {
    "email": "email email_address e_mail e_mail_address correo correo_electronico correo_e mail",
    "phone": (
        "can2_phone mobile mobile_phone mobile_number cell cell_phone cellphone sms celular "
        "telefono_celular movil telefono_movil phone phone_number telephone telefono tel "
        "numero_de_telefono"
    ),
    "given_name": "first_name given_name firstname first nombre nombres primer_nombre",
    "family_name": "last_name family_name lastname surname last apellido apellidos",
    "full_name": "name full_name nombre_completo nombre_y_apellido nombre_y_apellidos",
    "language": (
        "language preferred_language can2_language language_preference lang idioma "
        "idioma_preferido lengua"
    ),
    "zip": "zip_code zip zipcode postal_code postcode zip5 codigo_postal cp codigo_zip",
    "city": "can2_user_city city town ciudad municipio",
    "tags": "can2_user_tags tags tag etiquetas etiqueta",
    "email_status": (
        "can2_subscription_status subscription_status email_subscription_status email_status "
        "can2_email_status estado_del_correo"
    ),
    "sms_status": "can2_sms_status sms_status sms_subscription_status mobile_status",
}
FIELDS = tuple(HEADINGS)


@dataclass(frozen=True)
class Columns:
    """Where each field stands, and which headings nobody reads."""

    positions: Mapping[str, int]
    spares: Mapping[
        int, tuple[int, ...]
    ]  # further columns of the same field, read where it is empty
    ignored: tuple[str, ...]
    width: int


def find_columns(headings: Sequence[str], chosen: Mapping[str, str] | None = None) -> Columns:
    """Match headings to fields; ``chosen`` (heading → field, or "" to ignore it) wins.

    Raises BadFile where a field has two columns of the same name, where a chosen heading or field
    does not exist, and where neither an email nor a phone column can be found.
    """
    wanted = _chosen(headings, chosen or {})
    spelt = [wanted.get(heading_key(heading), heading_key(heading)) for heading in headings]
    found = {name: _columns_of(name, headings, spelt) for name in FIELDS}
    positions = {name: places[0] for name, places in found.items() if places}
    if "email" not in positions and "phone" not in positions:
        raise BadFile(
            f"no column is headed email or phone; the headings are {_listed(headings)}. Rename one, "
            "or say which column is which"
        )
    spares = {places[0]: places[1:] for places in found.values() if places[1:]}
    used = {place for places in found.values() for place in places}
    ignored = tuple(each for place, each in enumerate(headings) if place not in used)
    return Columns(positions, spares, ignored, len(headings))


def heading_key(heading: str) -> str:
    """A heading without the case, accents and punctuation in which programs differ."""
    return re.sub(r"[^a-z0-9]+", "_", folded(heading)).strip("_")


def _chosen(headings: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """What a person said about the columns: their heading's key → "=field", or "" to ignore it."""
    keys = {heading_key(heading) for heading in headings}
    said = {}
    for heading, name in chosen.items():
        if heading_key(heading) not in keys:
            raise BadFile(f"no column is headed “{heading}”; the headings are {_listed(headings)}")
        if name and name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"fields are {', '.join(FIELDS)}"
            raise BadFile(f"“{name}” is not a field of a contact; {hint}")
        said[heading_key(heading)] = f"={name}" if name else ""
    return said


def _columns_of(name: str, headings: Sequence[str], spelt: Sequence[str]) -> tuple[int, ...]:
    """The columns of a field, the best first. A column a person chose is the only one."""
    if f"={name}" in spelt:
        return (_only(headings, spelt, f"={name}"),)
    known = HEADINGS[name].split()
    return tuple(_only(headings, spelt, heading) for heading in known if heading in spelt)


def _only(headings: Sequence[str], spelt: Sequence[str], candidate: str) -> int:
    found = [place for place, key in enumerate(spelt) if key == candidate]
    if len(found) > 1:
        name = headings[found[0]]
        raise BadFile(f"{len(found)} columns are headed “{name}”; rename or remove all but one")
    return found[0]


def _listed(headings: Sequence[str]) -> str:
    return ", ".join(f"“{heading[:40]}”" for heading in headings[:20])
