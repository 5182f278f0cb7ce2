"""Exports of several systems in one folder: each table goes to the system it came from."""

import shutil

import pytest

from mining.sources import read_crm

FOLDERS = {
    "salesforce": "fivetran_salesforce",
    "servicenow": "fivetran_servicenow",
    "marketo": "fivetran_marketo",
    "pardot": "fivetran_pardot",
    "salesforce-marketing-cloud": "fivetran_salesforce_marketing_cloud",
}


def _counts(frame) -> dict[tuple[str, str], int]:
    return frame.groupby(["source_table", "activity"], observed=True).size().to_dict()


@pytest.mark.parametrize(
    "systems",
    [("salesforce", "pardot"), ("marketo", "salesforce-marketing-cloud"), ("servicenow", "salesforce"), tuple(FOLDERS)],
)
def test_poured_into_one_folder_each_system_keeps_its_tables(real_data, tmp_path, systems) -> None:
    alone = {}
    for system in systems:
        folder = real_data("crm_formats") / FOLDERS[system]
        alone[system] = _counts(read_crm(folder, system, identity="none").frame)
        for file in folder.glob("*.csv"):
            shutil.copy(file, tmp_path / file.name)
    together = read_crm(tmp_path, identity="none")
    assert together.quality.balanced
    frame = together.frame
    assert set(frame["source"]) == set(systems)
    for system in systems:
        assert _counts(frame[frame["source"] == system]) == alone[system]
