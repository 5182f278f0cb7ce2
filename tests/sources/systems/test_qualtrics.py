"""Qualtrics: connector tables, and the file of responses with its three header lines."""

import csv

import openpyxl
import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["qualtrics", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_qualtrics", sources, identifiers="keep")
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["qualtrics"]
    # Of five invitations one was never opened; of five responses, none finished, three are anonymous.
    assert frame["activity"].value_counts().to_dict() == {
        "Contact created": 5,
        "Survey sent": 5,
        "Survey invitation opened": 4,
        "Survey left unfinished": 2,
    }
    assert asides(touchpoints) == {("survey_response", "nobody it belongs to"): 3}
    assert set(frame.loc[frame["is_low_trust"], "activity"]) == {"Survey invitation opened"}
    sent = frame[frame["activity"] == "Survey sent"]
    assert sent["channel"].value_counts().to_dict() == {"email": 4, "web": 1} | {
        name: 0 for name in frame["channel"].cat.categories if name not in {"email", "web"}
    }
    assert "fivetran.com" not in frame.to_csv()


HEADER = "StartDate EndDate Status Progress Finished RecordedDate ResponseId RecipientEmail DistributionChannel NPS Q2"
QUESTIONS = [
    *("Start Date", "End Date", "Response Type", "Progress", "Finished", "Recorded Date", "Response ID"),
    *("Recipient Email", "Distribution Channel", "How likely are you to recommend us?", "Why? Tell us\nmore"),
]


def _responses() -> list[list[str]]:
    imports = [f'{{"ImportId":"{name}","timeZone":"Z"}}' for name in HEADER.split()]
    rows = [
        ("0", "1", "R_1", "c1@mail.example", "email", "9", "My phone is +12025550101"),
        ("0", "1", "R_2", "c2@mail.example", "email", "3", ""),
        ("0", "0", "R_3", "c3@mail.example", "email", "", ""),
        ("1", "1", "R_4", "c4@mail.example", "preview", "10", ""),
        ("8", "1", "R_5", "c5@mail.example", "email", "10", ""),
        ("4", "1", "R_6", "c6@mail.example", "email", "7", ""),
        ("0", "1", "R_7", "", "anonymous", "8", ""),
    ]
    days = [f"2024-01-0{place + 1} 10:0" for place in range(len(rows))]
    answers = [
        [f"{day}0:00", f"{day}5:00", row[0], "100", row[1], f"{day}5:01", *row[2:]]
        for day, row in zip(days, rows, strict=True)
    ]
    return [HEADER.split(), QUESTIONS, imports, *answers]


def _checked(touchpoints) -> None:
    assert happened(touchpoints) == [
        "Survey answered",
        "Survey answered",
        "Survey left unfinished",
        "Survey answered",
    ]
    assert touchpoints.quality.balanced
    frame = touchpoints.frame.sort_values("timestamp", ignore_index=True)
    assert frame["score"].dropna().tolist() == [0.9, 0.3, 0.7]
    assert frame["outcome"].tolist() == ["rated_good", "rated_bad", "abandoned", "submitted"]
    assert frame["is_bulk"].tolist() == [False, False, False, True]
    assert set(frame["end_timestamp"] - frame["timestamp"]) == {pd.Timedelta("5min")}
    told = {rule: n for (_, rule), n in asides(touchpoints).items()}
    assert told == {"second header": 2, "test record": 1, "spam": 1, "nobody it belongs to": 1}
    assert "mail.example" not in frame.to_csv()
    assert "My phone" not in frame.to_csv()


@pytest.mark.parametrize("form", ["csv", "tsv", "xlsx"])
def test_the_lines_below_the_header_are_no_responses(tmp_path, form) -> None:
    path = tmp_path / f"Relationship survey_January 8, 2024_10.00.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in _responses():
            book.active.append(row)
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter="\t" if form == "tsv" else ",").writerows(_responses())
    _checked(read_crm(tmp_path))


def test_words_instead_of_numbers() -> None:
    responses = pd.DataFrame(_responses()[1:], columns=_responses()[0])
    responses["Finished"] = responses["Finished"].replace({"1": "True", "0": "False"})
    kinds = {"0": "IP Address", "1": "Survey Preview", "8": "Spam", "4": "Imported"}
    responses["Status"] = responses["Status"].replace(kinds)
    responses["NPS"] = responses["NPS"].replace({"9": "9 - Very", "3": "3 - Hardly"})
    _checked(read_crm({"responses": responses}, "qualtrics"))


def test_scores_and_people_of_connector_tables() -> None:
    answered = pd.DataFrame(
        {
            "id": ["R_1", "R_2"],
            "start_date": "2024-01-01 10:00:00",
            "end_date": "2024-01-01 10:05:00",
            "finished": "1",
            "status": "0",
            "recorded_date": "2024-01-01 10:05:00",
            "recipient_email": "",
            "distribution_channel": "gl",
        }
    )
    answers = pd.DataFrame(
        {
            "response_id": ["R_1", "R_2", "R_1"],
            "question": ["How likely are you to recommend us?", "How satisfied are you?", "Drink"],
            "value": ["10", "2", "1"],
        }
    )
    invited = pd.DataFrame(
        {
            "contact_id": ["CID_1", "CID_2"],
            "distribution_id": "EMD_1",
            "response_id": ["R_1", "R_2"],
            "sent_at": "2023-12-31 10:00:00",
            "response_completed_at": "2024-01-01 10:05:00",
            "survey_link": "https://firm.example/?Q_CHL=sms&Q_DL=1",
        }
    )
    tables = {"survey_response": answered, "question_response": answers, "distribution_contact": invited}
    frame = read_crm(tables, "qualtrics").frame.sort_values(["timestamp", "customer"])
    assert frame["activity"].tolist() == ["Survey sent"] * 2 + ["Survey answered"] * 2
    assert frame["customer"].tolist() == ["qualtrics:CID_1", "qualtrics:CID_2"] * 2
    assert frame["score"].tolist()[2:] == [1.0, 0.25]
    assert frame["channel"].tolist() == ["sms", "sms", "web", "web"]
