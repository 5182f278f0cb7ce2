"""Marketing Cloud: connector tables and the files of a tracking extract."""

import zipfile

import pandas as pd
import pytest

from mining.sources import read_crm
from tests.telling import asides, happened


@pytest.mark.parametrize("sources", ["salesforce-marketing-cloud", None])
def test_connector_tables(real_data, sources) -> None:
    touchpoints = read_crm(real_data("crm_formats") / "fivetran_salesforce_marketing_cloud", sources)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["source"].unique().tolist() == ["salesforce-marketing-cloud"]
    assert frame["activity"].value_counts().to_dict() == {"Email sent": 5, "Subscriber added": 5, "Unsubscribed": 1}
    # Subscriber keys of these events are addresses: three people, none of them shown.
    sent = frame[frame["activity"] == "Email sent"]
    assert sent["customer"].nunique() == 3
    assert sent["customer"].str.startswith("email#").all()
    assert "random.com" not in frame.to_csv()
    # The vendor's clock shows Central Standard Time: 20:46 there is 02:46 of the next day.
    assert f"{sent['timestamp'].min():%Y-%m-%d %H:%M}" == "2023-10-06 02:35"


HEAD = "ClientID,SendID,SubscriberKey,EmailAddress,SubscriberID,ListID,EventDate,EventType"
FILES = {
    "Sent.csv": f"""{HEAD},BatchID
9,1,k1,c1@mail.example,11,5,7/4/2024 9:00:00 AM,Sent,1
9,1,c2@mail.example,c2@mail.example,12,5,7/14/2024 9:00:00 AM,Sent,1""",
    "Opens.csv": f"""{HEAD},BatchID
9,1,k1,c1@mail.example,11,5,7/14/2024 10:00:00 AM,Open,1""",
    "Clicks.csv": f"""{HEAD},SendURLID,URLID,URL,Alias,BatchID
9,1,k1,c1@mail.example,11,5,7/14/2024 10:01:00 AM,Click,3,4,https://firm.example/a,a,1
9,1,k1,c1@mail.example,11,5,7/14/2024 10:01:00 AM,Click,3,5,https://firm.example/b,b,1""",
    "Bounces.csv": f"""{HEAD},BounceCategory,SMTPCode,BounceReason,BatchID
9,1,c2@mail.example,c2@mail.example,12,5,7/14/2024 1:00:00 PM,Bounce,Hard bounce,550,no such user,1""",
    "Unsubs.csv": f"""{HEAD},BatchID
9,1,k1,c1@mail.example,11,5,7/15/2024 12:00:00 AM,Unsubscribe,1""",
    "Subscribers.csv": """ClientID,SubscriberKey,EmailAddress,SubscriberID,Status,DateHeld,DateCreated,DateUnsubscribed
9,k1,c1@mail.example,11,unsub,,1/20/2024 8:00:00 AM,7/15/2024 12:00:00 AM
9,c2@mail.example,c2@mail.example,12,active,,1/21/2024 8:00:00 AM,""",
}


@pytest.mark.parametrize(("packed", "encoding"), [(False, "utf-8"), (True, "utf-8"), (False, "utf-16")])
def test_a_tracking_extract(tmp_path, packed, encoding) -> None:
    if packed:
        with zipfile.ZipFile(tmp_path / "extract.zip", "w") as archive:
            for name, text in FILES.items():
                archive.writestr(name, text)
    else:
        for name, text in FILES.items():
            (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode(encoding))
    touchpoints = read_crm(tmp_path)
    frame = touchpoints.frame
    assert touchpoints.quality.balanced
    assert frame["activity"].value_counts().to_dict() == {
        "Subscriber added": 2,
        "Email sent": 2,
        "Email opened": 1,
        "Email clicked": 2,
        "Email bounced": 1,
        "Unsubscribed": 1,
    }
    # Two links clicked in one second are two touchpoints, and no id bears an address.
    assert frame["touchpoint_id"].is_unique
    told = frame.to_csv() + touchpoints.quality._repr_html_() + " ".join(touchpoints.quality.notes)
    assert "mail.example" not in told
    assert "mail.example" not in " ".join(name for table in touchpoints.objects.values() for name in table.index)
    # The key of one subscriber and the address of the other: two people in all.
    assert frame["customer"].nunique() == 2
    assert set(frame.loc[frame["activity"] == "Email clicked", "customer"]) == {"salesforce-marketing-cloud:k1"}
    assert asides(touchpoints) == {}
    clicked = frame[frame["activity"] == "Email clicked"]
    assert set(clicked["timestamp"].dt.strftime("%m-%d %H:%M")) == {"07-14 16:01"}
    assert frame.loc[frame["is_low_trust"], "activity"].tolist() == ["Email opened"]
    assert frame.loc[frame["activity"] == "Email bounced", "reason"].tolist() == ["Hard bounce"]


def test_a_view_of_the_api_spells_events_out() -> None:
    kinds = ["Sent", "HardBounce", "SoftBounce", "ForwardedEmail", "NotSent", "Survey", "Novelty"]
    table = pd.DataFrame(
        {
            "ID": [str(place) for place in range(len(kinds))],
            "SubscriberKey": "k1",
            "SendID": "1",
            "EventDate": [f"2024-01-{place + 1:02}T10:00:00" for place in range(len(kinds))],
            "EventType": kinds,
        }
    )
    touchpoints = read_crm({"events": table}, "salesforce-marketing-cloud")
    assert happened(touchpoints) == [
        "Email sent",
        "Email bounced",
        "Email bounced for now",
        "Email forwarded",
        "Survey answered",
        "Novelty",
    ]
    assert asides(touchpoints) == {("events", "never sent"): 1}
