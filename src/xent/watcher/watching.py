"""``xent.watch``: observe the losses of a training."""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import perf_counter
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.compiler import is_compiling
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.hooks import RemovableHandle

from xent.linter import Call, Finding, Findings, Severity, raise_errors, worst_first
from xent.linter.strict import is_strict
from xent.watcher.budget import Budget
from xent.watcher.description import described
from xent.watcher.history import Course, LastOptimizer, kind_of_input
from xent.watcher.judging import Jury, aside
from xent.watcher.observing import ACTIVE
from xent.watcher.place import Key, Place, key, place_at
from xent.watcher.points import close_points, open_points
from xent.watcher.reporting import warn
from xent.watcher.settings import Settings, settle
from xent.watcher.subject import Subject, subject

if TYPE_CHECKING:
    from xent.imbalance import Counts

# Watches begin and end one at a time.
_ENDS = threading.RLock()

# What describing a call is called where it fails, beside the codes of rules.
DESCRIPTION = "the description of a call"


def watch(
    model_or_loss: torch.nn.Module | Callable[..., Any] | None = None,
    *,
    counts: "Counts | None" = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    share: float = 0.005,
    every: int | None = None,
    step: int | None = 0,
) -> "Watch":
    """Observe losses while a training runs, and warn of each mistake once.

    Every loss that torch or xent computes is seen, functions and modules, made before or after. Of these calls a few
    are looked at, as many as the time allows. Results, gradients and random numbers are as without. ``XENT_WATCH=1`` in
    the environment watches a whole program, and ``XENT_STRICT=1`` turns findings of severity error into exceptions.

    Args:
        model_or_loss: A loss, to observe its calls only; a model, so that its losses in evaluation do not count as
            training; or nothing. A module of your own without parameters is a loss.
        counts: Rows of every class in training, which is what judges weights and priors.
        select: Codes of rules or their beginnings, such as "XE1"; all if there is none.
        ignore: Codes or their beginnings to leave out.
        share: Of the time, for observing. The first three calls from each place are looked at anyway.
        every: Look at every so-manieth call from each place instead, whatever it costs.
        step: Steps that the optimizer has taken before; None if nobody knows.

    Returns:
        The watch, which begins with ``with`` and ends with its block, and holds the findings.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An unknown code, counts that are none, a number outside its domain.

    Example:
        >>> import torch, warnings, xent
        >>> criterion = torch.nn.CrossEntropyLoss()
        >>> logits, target = torch.eye(4), torch.arange(4)
        >>> with warnings.catch_warnings(), xent.watch() as watched:
        ...     warnings.simplefilter("ignore", xent.LintWarning)
        ...     loss = criterion(logits.softmax(dim=1), target)
        >>> watched.findings.codes
        ('XE101',)

    References:
        What it sees, and what it costs: docs/watch.md.
    """
    return Watch(subject(model_or_loss), settle(counts, select, ignore, share, every, step))


class Watch:
    """A watch over losses; see :func:`xent.watch`, which makes it.

    Args:
        subject: What is watched.
        settings: How.

    Attributes:
        calls: Calls of losses so far.
        looks: How many of them were looked at.
        steps: Optimizer steps after a loss that was observed, and those before the watch; None if nobody knows.
        findings: What was found, errors first.
        share: Of the time since the watch began, what observing took.

    Example:
        >>> import torch, xent
        >>> with xent.watch() as watched:
        ...     loss = xent.cross_entropy(torch.zeros(4, 3), torch.tensor([0, 1, 2, 1]))
        >>> watched.calls, watched.looks, watched.findings
        (1, 1, Findings())
    """

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self.only = subject.only
        self.counted = 0
        self.may_nap = settings.every is None
        self.steps = settings.step
        self._subject = subject
        self._settings = settings
        self._budget = Budget(settings.share, settings.every)
        self._jury = Jury(settings.rules)
        self._jury_over_time = Jury(settings.rules_over_time)
        self._places: dict[Key, Place] = {}
        self._courses: dict[Place, Course] = {}
        self._optimizer = LastOptimizer()
        self._followed = Place()  # its calls are optimizer steps, its looks those that are followed
        self._follows = False
        self._trained = False  # whether a loss was computed since the last step that will be trained on
        self._found: list[Finding] = []
        self._lock = threading.RLock()
        self._hook: RemovableHandle | None = None
        self._step_seconds = 0.0

    def start(self) -> "Watch":
        """Begin, where a ``with`` block does not fit: in a notebook. What is under way goes on."""
        with _ENDS:
            if self not in ACTIVE.watches:
                self._budget.begin()
                open_points(self._subject.own)
                self._hook = register_optimizer_step_post_hook(self._stepped)
                ACTIVE.change((*ACTIVE.watches, self))
        return self

    def stop(self) -> None:
        """End, and leave nothing behind."""
        with _ENDS:
            if self in ACTIVE.watches:
                ACTIVE.change(tuple(watch for watch in ACTIVE.watches if watch is not self))
                close_points(self._subject.own)
                self._budget.end()
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def __enter__(self) -> "Watch":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return self.counted + ACTIVE.missed_by(self)

    @property
    def looks(self) -> int:
        """How many calls were looked at."""
        return sum(place.looks for place in list(self._places.values()))

    @property
    def findings(self) -> Findings:
        """What was found, errors first."""
        return worst_first(self._found)

    @property
    def share(self) -> float:
        """What observing took of the time."""
        spent = self._followed.spent + sum(place.spent for place in list(self._places.values()))
        seconds = self._budget.seconds
        return spent / seconds if seconds else 0.0

    def __repr__(self) -> str:
        found = ", ".join(self.findings.codes) or "nothing found"
        return f"Watch({self.calls} calls, {self.looks} looked at, {self.share:.1%} of the time: {found})"

    def count(self, loss: Any, frame: FrameType) -> Callable[..., None] | None:
        """Count a call, and say who is to see it: nobody, for most calls.

        Args:
            loss: The function or the module.
            frame: Of its caller.
        """
        self.counted += 1
        at = key(loss, frame)
        place = self._places.get(at)
        if place is None:
            place = self._places.setdefault(at, place_at(frame))
        place.calls += 1
        looks = self._budget.allows(place, len(self._places) + 1)
        if not looks and not self._follows:
            return None
        return partial(self._see, place, looks)

    def passed(self, result: Any) -> None:
        """Take note that a loss was computed."""
        if isinstance(result, Tensor) and result.requires_grad and self._subject.trains:
            self._trained = True

    def _see(
        self,
        place: Place,
        looks: bool,
        loss: Any,
        named: Mapping[str, Any],
        result: Any,
        is_raised: bool = False,
    ) -> None:
        """Look at a call: with the rules, or only to follow its step. ``is_raised``: the loss itself has failed."""
        start = perf_counter()
        found: list[Finding] = []
        failed: dict[str, str] = {}
        try:
            call = self._described(loss, named, result)
            with aside(call.input.device.type):
                course = self._courses.setdefault(place, Course(call.loss))
                if self._follows and isinstance(result, Tensor):
                    self._follow(course, call, result)
                if looks:
                    found, failed = self._judge(place, course, call)
        except Exception as error:
            failed = self._jury.excuse(DESCRIPTION, error)
        self._spend(place if looks else None, perf_counter() - start)
        self._report(place, found, failed)
        if not is_raised:
            raise_errors(worst_first(found))

    def _described(self, loss: Any, named: Mapping[str, Any], result: Any) -> Call:
        value = result.detach() if isinstance(result, Tensor) else None
        return described(loss, named, value=value, counts=self._settings.counts, step=self.steps)

    def _judge(self, place: Place, course: Course, call: Call) -> tuple[list[Finding], dict[str, str]]:
        """What the rules find that has not been reported; all that they find, where errors are exceptions."""
        without = () if is_strict() else place.reported
        found, failed = self._jury.ask(call, without)
        kind = kind_of_input(call)
        if kind is not None:
            course.kinds[kind] += 1
        found_over_time, failed_over_time = self._jury_over_time.ask(course, without)
        return found + found_over_time, failed | failed_over_time

    def _follow(self, course: Course, call: Call, result: Tensor) -> None:
        """Take down what the step adds up; where the gradients have been cleared meanwhile, it begins anew."""
        if self._optimizer.has_no_gradient:
            for other in list(self._courses.values()):
                other.forget_step()
        course.follow(call, result)

    def _spend(self, place: Place | None, seconds: float) -> None:
        """Enter what a look has cost: to its place, or to the step that is followed."""
        if place is None:
            self._step_seconds += seconds
        else:
            place.looked(seconds)

    def _stepped(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """A hook of every optimizer's step."""
        if is_compiling() or not (self._trained or ACTIVE.passed):
            return
        self._trained = False
        if self.steps is not None:
            self.steps += 1
        if perf_counter() >= ACTIVE.wakes:
            self._begin_step(optimizer)

    def _begin_step(self, optimizer: torch.optim.Optimizer) -> None:
        """End the step that was followed, if one was, and say whether to follow the next."""
        if self._follows:
            self._end_step()
        self._optimizer.remember(optimizer)
        self._followed.calls += 1
        self._follows = self._budget.allows(self._followed, len(self._places) + 1)

    def _end_step(self) -> None:
        """Judge what the step has added up."""
        start = perf_counter()
        seen = []
        for place, course in list(self._courses.items()):
            course.end_step()
            seen.append((place, *self._jury_over_time.ask(course, place.reported)))
        self._followed.looked(self._step_seconds + perf_counter() - start)
        self._step_seconds = 0.0
        for place, found, failed in seen:
            self._report(place, found, failed)

    def _report(self, place: Place, found: Iterable[Finding], failed: Mapping[str, str]) -> None:
        """Warn of what has not been reported from this place; not of errors that will be exceptions."""
        with self._lock:
            new = [finding for finding in found if finding.code not in place.reported]
            place.reported.update(finding.code for finding in new)
            self._found.extend(new)
        for what, error in failed.items():
            warn(f"xent.watch leaves out {what} from now on, which failed: {error}", place)
        for finding in new:
            if not (is_strict() and finding.severity is Severity.ERROR):
                warn(str(finding), place)
