"""What really happened: every touchpoint of every customer with its true time, before any system writes it down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mining.examples.company import BEGIN, DAY, END, NULL_PERSONAS, PERSONAS, SERVICE_DESK, TEAMS
from mining.examples.people import customers_of
from mining.examples.service import tell_ticket
from mining.examples.story import Flags, Hours, Story, Times, at_once, office

__all__ = ["SMALL", "World", "happened"]

_JOURNEYS = (0.55, 0.30, 0.15)  # shares of customers with one, two and three journeys
_LATEST_START = (906, 690, 460)  # days after BEGIN, so that most later journeys fit before END
_QUOTE_FIRST = 0.12
_DISCOUNT = 0.15
_ONBOARDED_BY_MEETING = 0.10
_CHAT_REDIRECTED = 0.60
_LONG_WAIT = 1 / 3
_LOST_AFTER_LONG_WAIT = 0.65
_LOST = 0.20
_LOST_IN_NULL = 0.35
_REFERRED, _SMALL, SMALL = -2.0, 1.2, 20


@dataclass(frozen=True)
class World:
    """The company's customers (`people`), their journeys and the touchpoints that happened (`plan`)."""

    people: pd.DataFrame
    journeys: pd.DataFrame
    plan: pd.DataFrame
    seed: int
    null: bool

    def random(self, stream: int) -> np.random.Generator:
        """Open one of the streams of random numbers; each writer has its own."""
        return np.random.default_rng([self.seed, stream])


@dataclass(frozen=True)
class Cast:
    """Who the journeys of one telling belong to, with the chances of their personas."""

    persona: Times
    null: bool
    pull: Hours | None = None  # of each journey, added to the log-odds of losing it

    def pulled(self, chance: Hours | float) -> Hours | float:
        """Move the chance of a loss by what the customer is like."""
        if self.pull is None:
            return chance
        odds = np.log(np.asarray(chance) / (1 - np.asarray(chance))) + self.pull
        return np.asarray(1 / (1 + np.exp(-odds)), float)

    def dial(self, name: str) -> Hours:
        """Look up one chance, count or tempo for every journey."""
        kinds = NULL_PERSONAS if self.null else PERSONAS
        return np.array([float(getattr(kind, name)) for kind in kinds])[self.persona]

    def unless_null(self, share: float) -> float:
        """Give the chance of something that the null twin does not have."""
        return 0.0 if self.null else share


def _awareness(story: Story, cast: Cast) -> None:
    tempo = cast.dial("tempo")
    desk = story.one_of(SERVICE_DESK)
    story.happen("Service call received", story.chance(cast.dial("calls_first")), after=story.between(0, 2),
                 hours=office, actor=desk, mark="Enquiries")  # fmt: skip
    drawn = story.random.random(len(tempo))
    story.happen("Ad clicked", drawn < cast.dial("ad"), after=story.about(6 * tempo))
    social = (drawn >= cast.dial("ad")) & (drawn < cast.dial("ad") + cast.dial("social"))
    story.happen("Social post clicked", social, after=story.about(3 * tempo))
    pages = 1 + story.count(cast.dial("pages"), 9)
    for place in range(10):
        # A few pages in a sitting, then again some days later.
        gap = story.about(0.05) if place % 3 else story.about(20 * tempo)
        story.happen("Page viewed", pages > place, after=gap)
    _chat(story, cast)


def _chat(story: Story, cast: Cast) -> None:
    chats = story.happen("Chat started", story.chance(cast.dial("chats")), after=story.about(0.2), hours=office)
    sent = chats & story.chance(cast.unless_null(_CHAT_REDIRECTED))
    story.happen("Chat sent to phone", sent, after=story.about(0.15), hours=at_once, actor=story.one_of(SERVICE_DESK))
    story.happen("Service call received", sent, after=story.about(0.4), hours=office,
                 actor=story.one_of(SERVICE_DESK), mark="Enquiries")  # fmt: skip


def _consideration(story: Story, cast: Cast, owner: Times) -> None:
    tempo = cast.dial("tempo")
    pricing = story.count(cast.dial("pricing"), 4)
    for place in range(4):
        story.happen("Pricing viewed", pricing > place, after=story.about(10 * tempo))
    letters = story.count(cast.dial("newsletters"), 5)
    for place in range(5):
        story.happen("Newsletter sent", letters > place, after=story.about(60 * tempo), hours=at_once)
        story.happen("Newsletter clicked", (letters > place) & story.chance(0.45), after=story.about(4))
    story.happen("Form submitted", after=story.about(14 * tempo))
    story.stop(story.chance(0.07))
    skipped = story.chance(cast.dial("needs_skipped"))
    story.happen("Call made", ~skipped & story.chance(0.15), after=story.between(0.5, 3), hours=office, actor=owner,
                 mark="no_answer")  # fmt: skip
    story.happen("Needs call", ~skipped, after=story.between(0.5, 16), hours=office, actor=owner, mark="connected")
    _service_calls(story, cast)


def _service_calls(story: Story, cast: Cast) -> None:
    calls = story.count(cast.dial("service_calls"), 4)
    for place in range(4):
        story.happen("Service call received", calls > place, after=story.about(30), hours=office,
                     actor=story.one_of(SERVICE_DESK), mark="Service")  # fmt: skip
    story.happen("Service call made", (calls > 0) & story.chance(0.3), after=story.about(5), hours=office,
                 actor=story.one_of(SERVICE_DESK), mark="Service")  # fmt: skip


def _emails(story: Story, cast: Cast, owner: Times) -> None:
    letters = story.count(cast.dial("emails"), 6)
    for place in range(6):
        inbound = place % 2 == 0
        activity = "Email received" if inbound else "Email written"
        story.happen(activity, letters > place, after=story.about(5), hours=office, actor=0 if inbound else owner)


def _deal_opened(story: Story, who: Flags, owner: Times) -> None:
    story.happen("Deal created", who, after=story.about(2), hours=office, actor=owner)
    story.happen("Deal assigned", who, after=story.between(0.02, 0.1), hours=office, actor=owner)
    story.happen("Deal: Qualified", who, after=story.about(3), hours=office, actor=owner)


def _demo(story: Story, cast: Cast, owner: Times) -> None:
    tempo = cast.dial("tempo")
    story.happen("Demo", after=story.about(40 * tempo), hours=office, actor=owner)
    story.happen("Demo", story.chance(cast.dial("second_demo")), after=story.between(6, 20), hours=office, actor=owner)


def _purchase(story: Story, cast: Cast, owner: Times) -> None:
    quote_first = story.chance(cast.unless_null(_QUOTE_FIRST))
    deal_first = quote_first | story.chance(cast.dial("deal_first"))
    _deal_opened(story, deal_first, owner)
    story.happen("Deal: Quote sent", quote_first, after=story.about(20), hours=office, actor=owner)
    _emails(story, cast, owner)
    _demo(story, cast, owner)
    story.stop(story.chance(0.05))
    demo = story.clock.copy()
    _deal_opened(story, ~deal_first, owner)
    slow = story.chance(cast.unless_null(_LONG_WAIT)) & ~quote_first
    due = np.where(slow, story.between(8.2 * 24, 20 * 24), story.between(8, 64))
    wait = due - (story.clock - demo) / 3600
    story.happen("Deal: Quote sent", ~quote_first, after=np.maximum(wait, 0.5), hours=office, actor=owner)
    story.happen("Discount call", story.chance(cast.unless_null(_DISCOUNT)), after=story.about(30), hours=office,
                 actor=owner, mark="connected")  # fmt: skip
    handed = story.chance(cast.dial("handed_over"))
    closer = np.where(handed, story.one_of(TEAMS["Field sales"]), owner)
    story.happen("Deal handed over", handed, after=story.about(12), hours=office, actor=closer)
    lost = story.chance(cast.pulled(_LOST_IN_NULL if cast.null else np.where(slow, _LOST_AFTER_LONG_WAIT, _LOST)))
    story.happen("Deal: Won", ~lost, after=story.about(60 * cast.dial("tempo")), hours=office, actor=closer)
    story.stop(story.happen("Deal: Lost", lost, after=story.about(90), hours=office, actor=closer))


def _after_sale(story: Story, cast: Cast) -> None:
    carer = story.one_of(TEAMS["Customer success"])
    met = story.chance(cast.unless_null(_ONBOARDED_BY_MEETING))
    story.happen("Onboarding call", after=story.between(12, 120), hours=office, actor=carer,
                 mark=np.where(met, "meeting", "connected"))  # fmt: skip
    uses = 1 + story.count(cast.dial("app_uses"), 7)
    for place in range(8):
        story.happen("App used", uses > place, after=story.about(110, 0.7))
    _service_calls(story, cast)
    tickets = story.count(0.95, 2)
    for place in range(2):
        tell_ticket(story, tickets > place, place, null=cast.null)
    renews = story.chance(0.5)
    story.happen("Renewal call", renews, after=story.between(12 * 24, 34 * 24), hours=office, actor=carer,
                 mark="connected")  # fmt: skip
    story.happen("Deal: Renewed", renews & story.chance(0.65), after=story.about(50), hours=office, actor=carer)


def _tell(start: Times, cast: Cast, random: np.random.Generator) -> Story:
    """Tell one journey of each of these customers from beginning to end."""
    story = Story(random, start)
    owner = story.one_of(TEAMS["Inside sales"])
    _awareness(story, cast)
    _consideration(story, cast, owner)
    _purchase(story, cast, owner)
    _after_sale(story, cast)
    return story


def _pulls(people: pd.DataFrame) -> Hours:
    """Let companies that were referred buy more often, and small ones less often."""
    referred = people["lead_source"].to_numpy(object) == "Referral"
    small = people["company_size"].to_numpy(float) <= SMALL
    return np.asarray(_REFERRED * referred + _SMALL * small, float)


def happened(customers: int, seed: int, *, null: bool = False, ideal: bool = False) -> World:
    """Make the customers and everything that happened to them until the export was written."""
    random = np.random.default_rng([seed, 0])
    people = customers_of(customers, random, null=null)
    wanted = np.ones(customers, dtype=np.int64) if null else random.choice([1, 2, 3], customers, p=_JOURNEYS)
    start = BEGIN + np.round(random.random(customers) * np.array(_LATEST_START)[wanted - 1] * DAY).astype(np.int64)
    told, pull = [], _pulls(people) if ideal else None
    for number in range(1, 4):
        who = np.flatnonzero((wanted >= number) & (start < END))
        story = _tell(
            start[who], Cast(people["persona"].to_numpy()[who], null, None if pull is None else pull[who]), random
        )
        touchpoints = pd.concat(story.told, ignore_index=True)
        touchpoints.insert(0, "customer", who[touchpoints.pop("journey").to_numpy()])
        told.append(touchpoints.assign(number=number))
        start = start.copy()
        start[who] = story.clock + np.round(random.uniform(105, 260, len(who)) * DAY).astype(np.int64)
    return _settled(people, pd.concat(told, ignore_index=True), seed, null=null)


def _settled(people: pd.DataFrame, plan: pd.DataFrame, seed: int, *, null: bool) -> World:
    """Cut at the end of observation, order, and number journeys and tickets."""
    plan = plan.sort_values(["customer", "number", "at"], kind="stable", ignore_index=True)
    full = plan.groupby(["customer", "number"])["at"].max()
    plan = plan[plan["at"] <= END].reset_index(drop=True)
    journeys = plan.groupby(["customer", "number"], as_index=False).agg(
        first=("at", "min"), last=("at", "max"), n_touchpoints=("at", "size")
    )
    ended = full.reindex(pd.MultiIndex.from_frame(journeys[["customer", "number"]])).to_numpy()
    journeys["unfinished"] = ended > END
    change = (plan[["customer", "number"]].diff() != 0).any(axis=1)
    plan.insert(0, "journey", change.cumsum() - 1)
    opened = plan[plan["activity"] == "Ticket opened"]
    keys = pd.MultiIndex.from_frame(plan[["journey", "ticket"]])
    place = pd.Series(
        np.argsort(np.argsort(opened["at"].to_numpy(), kind="stable"), kind="stable") + 30_001,
        index=pd.MultiIndex.from_frame(opened[["journey", "ticket"]]),
    )
    plan["ticket"] = place.reindex(keys).fillna(-1).astype(np.int64).to_numpy()
    return World(people, journeys, plan, seed, null)
