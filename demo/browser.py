"""A browser without JavaScript: it fills forms in by what they say about themselves, and follows redirects."""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser

MAX_PAGE = 1024 * 1024


@dataclass
class Field:
    """One control of a form. `autocomplete` is how a real browser's wallet would recognise it."""

    name: str
    value: str
    kind: str
    autocomplete: str = ""


@dataclass
class Form:
    """A form as the page shows it."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether it has a control of this name."""
        return any(control.name == name for control in self.fields)

    def accepts(self, autocomplete: str) -> bool:
        """Whether it has a control that asks for this kind of value, such as `cc-number`."""
        return any(control.autocomplete == autocomplete for control in self.fields)

    def buttons(self) -> list[Field]:
        """Its submit buttons that carry a name."""
        return [control for control in self.fields if control.kind == "submit" and control.name]

    def filled(self, values: dict[str, str], press: str = "") -> list[tuple[str, str]]:
        """What pressing a button sends: `values` go in by autocomplete word or by name, the rest stays as it is."""
        sent = []
        for control in self.fields:
            if control.kind == "submit":
                if control.name and control.value == press:
                    sent.append((control.name, control.value))
            elif control.name:
                sent.append(
                    (control.name, values.get(control.autocomplete) or values.get(control.name) or control.value)
                )
        return sent


@dataclass
class Page:
    """Where the browser is after the redirects, and what it sees."""

    url: str
    status: int
    html: str
    forms: list[Form]
    refresh_s: int | None
    text: str

    def form(self, *, accepts: str = "", has: str = "", offers: str = "") -> Form:
        """The form that asks for `accepts`, has a control named `has`, or has a button with the value `offers`."""
        for form in self.forms:
            if (accepts and form.accepts(accepts)) or (has and form.has(has)):
                return form
            if offers and any(button.value == offers for button in form.buttons()):
                return form
        wanted = accepts or has or offers
        message = f"{self.url} ({self.status}) shows no form for {wanted!r}: {self.text[:300]}"
        raise LookupError(message)


class Browser:
    """One customer's visit."""

    def __init__(self, timeout_s: float = 20) -> None:
        self._timeout_s = timeout_s
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def open(self, url: str) -> Page:
        """GET a page, redirects followed."""
        return self._send(urllib.request.Request(url, headers={"Accept": "text/html", "Accept-Language": "en"}))

    def submit(self, page: Page, form: Form, values: dict[str, str] | None = None, press: str = "") -> Page:
        """Fill the form in, press a button, see where it leads."""
        target = urllib.parse.urljoin(page.url, form.action) if form.action else page.url
        sent = urllib.parse.urlencode(form.filled(values or {}, press))
        if form.method == "get":
            return self.open(f"{target}?{sent}")
        headers = {"Accept": "text/html", "Accept-Language": "en", "Origin": _origin(page.url), "Referer": page.url}
        return self._send(urllib.request.Request(target, data=sent.encode(), headers=headers))

    def _send(self, request: urllib.request.Request) -> Page:
        try:
            response = self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read(MAX_PAGE).decode("utf-8", "replace")
            reader = _Reader()
            reader.feed(body)
            text = " ".join(" ".join(reader.words).split())
            return Page(response.geturl(), response.status, body, reader.forms, reader.refresh_s, text)


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.refresh_s: int | None = None
        self._open: Form | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in {"script", "style", "template"}:
            self._silent += 1
        elif tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.refresh_s = int(given.get("content", "0").split(";")[0])
        elif tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag in {"input", "button", "select", "textarea"} and self._open is not None and "disabled" not in given:
            kind = given.get("type", "submit" if tag == "button" else "text")
            if kind in {"radio", "checkbox"} and "checked" not in given:
                return
            name, value = given.get("name", ""), given.get("value", "")
            self._open.fields.append(Field(name, value, kind, given.get("autocomplete", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "template"}:
            self._silent -= 1
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)
