"""Organizers who walk through the console in a real browser, and what it costs them: presses, fields, screens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from playwright.async_api import Browser, Frame, Locator, Page

from tests.web.organizing import Desk

TABS = 500  # after which nobody looks on for a button


class Hands(StrEnum):
    """How somebody uses a page."""

    TOUCH = "touch"
    KEYS = "keyboard alone"
    PLAIN = "touch, without scripts"


@dataclass
class Act:
    """One part of a story, and what it took."""

    name: str
    presses: int = 0  # links, buttons, choices
    fields: int = 0  # that were typed into
    screens: int = 0  # pages that were shown


@dataclass
class Tally:
    """What a story took, part by part; whoever walks adds to the last."""

    acts: list[Act] = field(default_factory=list)

    def begin(self, name: str) -> None:
        self.acts.append(Act(name))

    @property
    def now(self) -> Act:
        return self.acts[-1]

    def table(self) -> str:
        """As it stands in the documents."""
        lines = ["| | presses | fields typed | screens |", "|---|---|---|---|"]
        lines += [
            f"| {each.name} | {each.presses} | {each.fields} | {each.screens} |"
            for each in self.acts
        ]
        return "\n".join(lines) + "\n"


@dataclass
class Walker:
    """Somebody at a browser."""

    desk: Desk
    page: Page
    tally: Tally
    base: str
    hands: Hands = Hands.TOUCH

    async def come_in(self, token: str) -> None:
        """Be signed in, by a session's token."""
        await self.page.context.add_cookies([{"name": "llamado", "value": token, "url": self.base}])

    async def open(self, path: str) -> None:
        """Type an address, or follow a link out of a letter."""
        await self.page.goto(self.base + path)

    async def press(self, name: str, role: str = "button", *, within: str = "main") -> None:
        """Press the only thing of this name, which leads on."""
        self.tally.now.presses += 1
        shown = self.page.locator(within).get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        await self.go(shown)

    async def go(self, shown: Locator) -> None:
        """Press what leads to another page, and wait for that."""
        async with self.page.expect_navigation():
            await self.touch(shown)

    async def touch(self, shown: Locator, key: str = "Enter") -> None:
        """Press it as one's hands do."""
        if self.hands is not Hands.KEYS:
            await shown.click()
            return
        await self.reach(shown)
        await self.page.keyboard.press(key)

    async def reach(self, shown: Locator) -> None:
        """Come to it with the tabulator alone, from wherever one is."""
        await shown.wait_for()
        for _ in range(TABS):
            if await shown.evaluate("each => each === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the tabulator does not come to {shown}")

    async def follow(self, name: str, *, within: str = "main") -> None:
        """Follow a link."""
        await self.press(name, "link", within=within)

    async def unfold(self, name: str) -> None:
        """Open what is folded away."""
        self.tally.now.presses += 1
        await self.touch(self.page.locator("summary", has_text=name).first)

    async def choose(self, name: str, value: str) -> None:
        """Choose of a list, by the field's name."""
        self.tally.now.presses += 1
        of = self.page.locator(f"[name={name}]")
        if self.hands is Hands.KEYS:
            await self.reach(of)
        await of.select_option(value)

    async def tick(self, name: str, value: str) -> None:
        """Tick a box."""
        self.tally.now.presses += 1
        await self.touch(self.page.locator(f"[name={name}][value='{value}']"), "Space")

    async def type(self, **typed: str) -> None:
        """Type into fields, by their names."""
        for name, words in typed.items():
            self.tally.now.fields += 1
            place = self.page.locator(f"[name={name}]")
            if self.hands is Hands.KEYS:
                await self.reach(place)
            await place.fill(words)

    async def words(self) -> str:
        """What stands on the page."""
        return " ".join((await self.page.locator("body").inner_text()).split())

    @property
    def number(self) -> int:
        """The number of what the address shows."""
        found = re.search(r"/([0-9]+)(?:[/?#]|$)", self.page.url)
        assert found, self.page.url
        return int(found[1])


async def sit_down(browser: Browser, desk: Desk, tally: Tally, hands: Hands) -> Walker:
    """Give a signed-in organizer a browser of their own, the size of a telephone."""
    base = str(desk.client.make_url("")).rstrip("/")
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=hands is not Hands.PLAIN
    )
    page = await context.new_page()

    def shown(frame: Frame) -> None:
        if frame == page.main_frame:
            tally.now.screens += 1

    page.on("framenavigated", shown)
    return Walker(desk, page, tally, base, hands)
