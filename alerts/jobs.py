"""Periodic work of alarms. A round takes a lock, so jobs are safe in two workers at once."""

from alerts.brief import make_briefs
from alerts.delivery import send_waiting
from alerts.device_limits import follow_rules
from alerts.evaluation import evaluate, evaluate_seldom
from alerts.notice_queries import forget_old
from alerts.notices import claim_events, escalate
from alerts.price import price_open
from alerts.services import wake_snoozed
from lib.jobs import Job

JOBS = [
    # A limit must be noticed within 60 s of its duration: minutes are rolled up every second, and this adds 15 s.
    Job("evaluate alarms", 15, evaluate),
    Job("evaluate alarms of logs and targets", 300, evaluate_seldom),
    Job("price open alarms", 60, price_open),
    Job("wake snoozed alarms", 15, wake_snoozed),
    Job("make notices of alarms", 1, claim_events),
    Job("send notices", 1, send_waiting),
    Job("tell the next in the roster", 15, escalate),
    Job("make briefs", 60, make_briefs),
    Job("drop old notices", 3600, forget_old),
    Job("give devices the limits of changed rules", 60, follow_rules),
]
