"""What a person sees and does on a page on which frames are labelled."""

import re

from conftest import downloaded


class Driver:
    """What a person sees and does on the page."""

    def __init__(self, chromium):
        self.chromium = chromium
        self.script = chromium.execute_script

    def open(self, path):
        self.chromium.get(path.as_uri())

    def press(self, *keys, shift=False, control=False):
        from selenium.webdriver import ActionChains, Keys

        names = {"left": Keys.ARROW_LEFT, "right": Keys.ARROW_RIGHT, "up": Keys.ARROW_UP,
                 "down": Keys.ARROW_DOWN, "enter": Keys.ENTER, "back": Keys.BACKSPACE,
                 "home": Keys.HOME, "end": Keys.END, "escape": Keys.ESCAPE}  # fmt: skip
        actions = ActionChains(self.chromium, duration=0)
        held = [Keys.SHIFT] * shift + [Keys.CONTROL] * control
        for key in held:
            actions.key_down(key)
        for key in keys:
            actions.send_keys(names.get(key, key))
        for key in held:
            actions.key_up(key)
        actions.perform()

    def wait(self, true):
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.chromium, 20, poll_frequency=0.05).until(lambda _: true())

    def find(self, selector):
        return self.chromium.find_element("css selector", selector)

    @property
    def current(self):
        """Number and label of the current frame."""
        number = int(self.find("#panel .number").text.split()[0])
        return number, self.find("#panel .state").text.lower()

    @property
    def cards(self):
        """The labels on the cards in the document, in their order."""
        labels = self.script(
            "return [...document.querySelectorAll('.card')]"
            ".sort((a, b) => a.dataset.place - b.dataset.place).map((c) => c.ariaLabel)"
        )
        found = [re.search("(?:, (labelled|suggested))?, [0-9:.]+: (.*)$", each) for each in labels]
        return [f"{each[1]}: {each[2]}" if each[1] else each[2] for each in found]

    @property
    def states(self):
        """For each frame the numbers of its characters, or None where it is not labelled."""
        states = self.script("return workbench.labels.states")
        return [state if isinstance(state, list) else None for state in states]

    def save(self, folder, name="labels.csv"):
        """Save with the key for it and return the file."""
        with downloaded(self.chromium, folder / name) as path:
            self.press("s", control=True)
        return path

    def choose(self, selector, words):
        """Choose the option of a list that begins with some words, with the mouse."""
        from selenium.webdriver.support.select import Select

        options = Select(self.find(selector)).options
        # The driver's click on an option lacks this.
        self.script("arguments[0].dispatchEvent(new Event('mousedown'))", self.find(selector))
        next(option for option in options if option.text.startswith(words)).click()

    @property
    def scale(self):
        """How many times the current image is enlarged, and from where (pixels)."""
        matrix = self.script(
            "const { a, e, f } = new DOMMatrix(getComputedStyle("
            "document.querySelector('.viewer img')).transform); return [a, e, f]"
        )
        return matrix[0], tuple(matrix[1:])

    def touch(self, *steps):
        """Put fingers on the middle of the current image, move them and take them away.

        Each step has the place of each finger, in pixels from the middle.
        """
        x, y, width, height = self.script(
            "const box = document.querySelector('.viewer').getBoundingClientRect();"
            "return [box.x, box.y, box.width, box.height]"
        )
        for number, fingers in enumerate([*steps, []]):
            kind = "touchStart" if not number else "touchMove" if fingers else "touchEnd"
            points = [
                {"x": x + width / 2 + right, "y": y + height / 2 + down, "id": finger}
                for finger, (right, down) in enumerate(fingers)
            ]
            event = {"type": kind, "touchPoints": points}
            self.chromium.execute_cdp_cmd("Input.dispatchTouchEvent", event)
