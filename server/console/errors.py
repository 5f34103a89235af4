"""What a browser is told when something cannot be: a page in words, with what to do next. The API's errors stay JSON (`api`)."""

from typing import Any

from flask import Flask, g, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from server.access import AccessError
from server.console.frame import render
from shared.fields import Label

_SAYS = {
    400: (Label("读不懂这个请求", "This request cannot be read"), Label("请返回上一页再试。", "Go back and try again.")),
    403: (Label("这不在您的权限内", "This is not yours to do"), Label("需要的话，请管理员给您这个角色。", "If you need it, ask the administrator for the role.")),
    404: (Label("没有这个页面或这条记录", "There is no such page or record"), Label("它可能已移走，或不在您的范围内。", "It may have moved, or lie outside your charge.")),
    405: (Label("不能这样打开", "This cannot be opened so"), Label("请从页面上的按钮操作。", "Use the buttons on the pages.")),
    413: (Label("文件太大", "The file is too large"), Label("请分成几个文件。", "Split it into several.")),
    429: (Label("太频繁了", "Too often"), Label("请等一分钟再试。", "Wait a minute and try again.")),
    500: (Label("服务器出错了", "The server failed"), Label("已记入日志；请稍后再试，仍不行请告诉管理员。", "It was logged; try again later, and tell the administrator if it stays.")),
}  # fmt: skip
_STALE = (Label("页面放得太久了", "The page has grown stale"), Label("请返回上一页，刷新后再试；填写的内容还在页面上。", "Go back, reload and try again; what you typed is still on the page."))  # fmt: skip


def register_errors(app: Flask) -> None:
    """Pages for what our own errors mean outside /api; `http_error` does it for HTTP's."""
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(AccessError, _refused)


def error_page(code: int, says: tuple[Label, Label] | None = None) -> tuple[str, int]:
    """An error as a page."""
    title, next_step = says or _SAYS.get(code) or _SAYS[500 if code >= 500 else 400]
    return render("error.html", g.get("visitor"), code=code, title=title, next_step=next_step), code


def http_error(error: HTTPException) -> Any:
    """An HTTP error outside /api as a page."""
    code = error.code or 500
    if code < 400:
        return error
    body, status = error_page(code)
    kept = {
        name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    }
    return body, status, kept


def _stale(error: CSRFError) -> Any:
    return error_page(400, _STALE)


def _refused(error: AccessError) -> Any:
    """What an act could not do, where its page has no better place to say so."""
    if request.path.startswith("/api/"):
        raise error
    chinese, _, english = str(error).partition(" / ")
    return error_page(422, (Label(chinese, english or chinese), Label("没有改动任何内容。", "Nothing was changed.")))
