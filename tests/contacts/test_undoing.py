"""Undoing an import knows every place where a contact may have been used."""

from __future__ import annotations

import actions.models
import alerts.models
import campaigns.models
import contacts.models
import messages.call_models
import messages.models
import messages.prompt_models
import messages.series_models
import organizers.models
from contacts.undoing import USED_IN
from database.tables import Base

ROOMS = (actions, alerts, campaigns, contacts, messages, organizers)
OUR_OWN = {"addresses", "memberships", "contact_tags", "import_changes"}
# Whoever is only in a series has got nothing of it; kept, they would, though the import was taken back.
COUNTS_ON = {"series_enrolments"}


def test_every_table_that_points_at_contacts_is_asked_before_one_is_removed() -> None:
    pointing = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "contacts"
    }

    assert all(room.models for room in ROOMS)
    assert pointing - OUR_OWN - COUNTS_ON == set(USED_IN)
