"""Prints what a screen reader would find in a program: one JSON object per
accessible object that shows on the screen, parents first. Its arguments are the
ID of the program's process and nothing else; an empty answer means that the
program is not on the accessibility bus (yet)."""

import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 the version comes first


def describe(thing, depth):
    can = thing.get_interfaces()
    box = Atspi.Component.get_extents(thing, Atspi.CoordType.SCREEN) if "Component" in can else None
    text = Atspi.Text.get_text(thing, 0, Atspi.Text.get_character_count(thing)) if "Text" in can else ""
    return {
        "depth": depth,
        "role": thing.get_role_name(),
        "name": thing.get_name(),
        "description": thing.get_description(),
        "text": text,
        "focused": thing.get_state_set().contains(Atspi.StateType.FOCUSED),
        "box": [box.x, box.y, box.width, box.height] if box else None,
    }


def walk(thing, depth=0):
    if thing is None:
        return
    try:
        print(json.dumps(describe(thing, depth)))
        children = [thing.get_child_at_index(i) for i in range(thing.get_child_count())]
    except GLib.Error:
        return  # it went away while we looked
    for child in children:
        walk(child, depth + 1)


def main():
    process = int(sys.argv[1])
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        program = desktop.get_child_at_index(index)
        if program is not None and program.get_process_id() == process:
            walk(program)


main()
