"""What happens to a ticket, from its opening to its rating."""

from __future__ import annotations

import numpy as np

from mining.examples.company import GROUPS
from mining.examples.story import Flags, Story, Times, at_once, support_desk

__all__ = ["PING_PONG", "tell_ticket"]

_PING_PONG = 0.30
_REPLY_LATE = 0.40
_BAD = 0.15
_BAD_AFTER_PING_PONG = 0.65
_VIA = np.array(["web", "email", "voice", "chat"], dtype=object)
PING_PONG = ("Support tier one", "Billing")


def tell_ticket(story: Story, who: Flags, place: int, *, null: bool) -> None:
    """Tell one ticket of some journeys; in the null twin nothing bounces and replies come in time."""
    via = _VIA[story.random.choice(4, len(who), p=[0.4, 0.35, 0.15, 0.1])]
    asker = story.one_of(GROUPS["Support tier one"])
    story.happen("Ticket opened", who, after=story.about(140), mark=via, ticket=place)
    opened = story.clock.copy()
    story.happen("Ticket routed", who, after=story.between(0.02, 0.05), hours=at_once, ticket=place,
                 mark="Support tier one")  # fmt: skip
    story.happen("Ticket assigned", who, after=story.between(0.1, 0.5), hours=at_once, ticket=place, actor=asker)
    story.happen("Ticket: open", who, after=story.between(0.02, 0.1), hours=at_once, ticket=place, actor=asker)
    late = story.chance(0.0 if null else _REPLY_LATE)
    due = np.where(late, story.between(27, 60), story.between(1, 13))
    story.happen("Support reply", who, after=due - (story.clock - opened) / 3600, hours=support_desk, ticket=place,
                 actor=asker)  # fmt: skip
    bounced = who & story.chance(0.0 if null else _PING_PONG)
    closer = _hand_over(story, who & ~bounced, bounced, place=place, asker=asker)
    answers = who & (bounced | story.chance(0.4))
    story.happen("Customer reply", answers, after=story.about(5), ticket=place)
    story.happen("Support reply", answers, after=story.about(4), hours=support_desk, ticket=place, actor=closer)
    story.happen("Ticket: solved", who, after=story.about(8), hours=support_desk, ticket=place, actor=closer)
    bad = story.chance(np.where(bounced, _BAD_AFTER_PING_PONG, _BAD))
    story.happen("Rated", who & story.chance(0.6), after=story.about(9), ticket=place,
                 mark=np.where(bad, "bad", "good"))  # fmt: skip


def _hand_over(story: Story, calm: Flags, bounced: Flags, *, place: int, asker: Times) -> Times:
    """Pass tickets on, once or to and fro; return who has them in the end."""
    experts = story.one_of(GROUPS["Support tier two"])
    billers = story.one_of(GROUPS["Billing"])
    up = story.happen("Ticket handed over", calm & story.chance(0.15), after=story.about(3), hours=support_desk,
                      ticket=place, actor=asker, mark="Support tier two")  # fmt: skip
    turns = 3 + 2 * story.chance(0.4)  # an odd number of turns ends at Billing
    for turn in range(5):
        to_billing = turn % 2 == 0
        passes = bounced & (turns > turn)
        story.happen("Internal note", passes & story.chance(0.5), after=story.about(1.5), hours=support_desk,
                     ticket=place, actor=asker if to_billing else billers)  # fmt: skip
        story.happen("Ticket handed over", passes, after=story.about(4), hours=support_desk, ticket=place,
                     actor=asker if to_billing else billers, mark=PING_PONG[to_billing])  # fmt: skip
    return np.where(bounced, billers, np.where(up, experts, asker))
