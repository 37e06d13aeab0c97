"""Back and Forward walk the places visited."""

from __future__ import annotations

from crm_desktop.ui.context import Place
from crm_desktop.ui.shell.trail import LONGEST, Trail

A, B, C = Place(page="home"), Place(page="customers"), Place(page="customers", record_id="1")


def test_back_and_forward_walk_the_places_in_order() -> None:
    trail = Trail()
    for place in (A, B, C):
        trail.go(place)
    trail.step(-1)
    assert trail.place == B
    assert trail.can_go_back
    assert trail.can_go_forward
    trail.step(-1)
    assert (trail.place, trail.can_go_back) == (A, False)
    trail.step(1)
    assert trail.place == B


def test_going_somewhere_cuts_what_lay_ahead() -> None:
    trail = Trail()
    for place in (A, B):
        trail.go(place)
    trail.step(-1)
    trail.go(C)
    assert not trail.can_go_forward
    assert trail.peek(-1) == A


def test_the_same_place_again_is_no_new_visit() -> None:
    trail = Trail()
    trail.go(A)
    trail.go(Place(page="home"))
    assert not trail.can_go_back


def test_beyond_an_end_nothing_happens_and_old_visits_are_forgotten() -> None:
    trail = Trail()
    trail.step(-1)
    assert trail.place is None
    for number in range(2 * LONGEST):
        trail.go(Place(page="customers", record_id=str(number)))
    trail.step(-LONGEST)
    assert trail.place is not None
    assert trail.place.record_id == str(2 * LONGEST - 1)


def test_the_form_of_a_new_record_is_no_place_to_come_back_to() -> None:
    trail = Trail()
    for place in (A, Place(page="customers", options={"new": "customer"}), C):
        trail.go(place)
    assert trail.peek(-1) == A
