"""From a SQLAlchemy URL to a connection string of the driver.

One table says which option of a URL is which keyword; an unknown option is an error that names the nearest known one. The
mapping of PyODBCConnector is not used: it writes "Server=host,port" and takes a host without a database for a data source.
"""

from __future__ import annotations

import difflib
import os
import re
import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

from sqlalchemy import exc
from sqlalchemy.engine import URL

from .keywords import SPELLINGS

DRIVER_NAME = "Neon"
TRANSPORTS = ("auto", "http", "websocket")

Values = Union[str, Tuple[str, ...]]


def _text(value: str) -> str:
    return value


def _seconds(value: str) -> str:
    """Python takes fractions and the driver whole seconds: never less than was asked for."""
    try:
        number = float(value)
    except ValueError:
        raise ValueError("a number of seconds") from None
    if number < 0 or number != number or number == float("inf"):
        raise ValueError("a number of seconds")
    return str(int(-(-number // 1)))


def _flag(value: str) -> str:
    known = {"1": "1", "true": "1", "yes": "1", "on": "1", "0": "0", "false": "0", "no": "0", "off": "0"}
    if value.lower() not in known:
        raise ValueError("true or false")
    return known[value.lower()]


def _transport(value: str) -> str:
    if value.lower() not in TRANSPORTS:
        raise ValueError("one of " + ", ".join(TRANSPORTS))
    return value.lower()


# option of the URL: (keywords of the driver, how its value is read). The names of both replaced projects, libpq's, and ours.
OPTIONS: Dict[str, Tuple[Tuple[str, ...], Callable[[str], str]]] = {
    "transport": (("Transport",), _transport),
    "auth_token": (("Token",), _text),
    "token_file": (("TokenFile",), _text),
    "password_file": (("PWDFile",), _text),
    "timeout": (("LoginTimeout", "QueryTimeout"), _seconds),
    "connect_timeout": (("LoginTimeout",), _seconds),
    "login_timeout": (("LoginTimeout",), _seconds),
    "query_timeout": (("QueryTimeout",), _seconds),
    "read_timeout": (("ReadTimeout",), _seconds),
    "sslmode": (("SSLmode",), _text),
    "sslrootcert": (("CAFile",), _text),
    "ssl_cert_file": (("CAFile",), _text),
    "sslcert": (("ClientCert",), _text),
    "sslkey": (("ClientKey",), _text),
    "sslpassword": (("ClientKeyPwd",), _text),
    "application_name": (("ApplicationName",), _text),
    "search_path": (("SearchPath",), _text),
    "timezone": (("TimeZone",), _text),
    "statement_timeout": (("StatementTimeout",), _text),
    "role": (("Role",), _text),
    "options": (("Options",), _text),
    "endpoint": (("Endpoint",), _text),
    "fetch_endpoint": (("ApiHost",), _text),
    "api_host": (("ApiHost",), _text),
    "proxy": (("Proxy",), _text),
    "read_only": (("ReadOnly",), _flag),
    "buffered_row_count": (("BufferedRowCount",), _text),
    "allow_insecure": (("AllowInsecure",), _flag),
    "log_level": (("LogLevel",), _text),
    "log_file": (("LogFile",), _text),
}
# Settled by HTTPS; part of the URLs that Neon's console shows.
IGNORED = frozenset(("channel_binding", "gssencmode", "target_session_attrs"))
# Handled here, not handed on.
OURS = frozenset(("driver", "dsn", "odbc_connect", "autocommit"))


def quote(value: str) -> str:
    """Braces around a value that has a meaning of its own in a connection string."""
    if value and not any(c in value for c in ";{}[]()=,?*!@'\"") and value == value.strip():
        return value
    return "{" + value.replace("}", "}}") + "}"


def single(name: str, value: Values) -> str:
    if isinstance(value, str):
        return value
    raise exc.ArgumentError(f"The option {name!r} stands {len(value)} times in the URL: give it once.")


def unknown(name: str) -> exc.ArgumentError:
    near = difflib.get_close_matches(name, [*OPTIONS, *IGNORED, *OURS], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return exc.ArgumentError(
        f"The URL's option {name!r} is not known.{hint} Keywords of the driver can be given with the prefix odbc_, "
        "for instance ?odbc_MaxIdle=30."
    )


def _set(name: str, keyword: str, value: str, out: Dict[str, str]) -> None:
    if out.setdefault(keyword, value) != value:
        raise exc.ArgumentError(f"The URL's options name {keyword} twice: {name} and another mean the same, leave one out.")


def _keyword_of(name: str) -> str:
    """What stands behind ``odbc_``: the driver itself would only warn of a keyword that it does not know."""
    spelling = name[len("odbc_") :]
    if spelling.lower() not in SPELLINGS:
        near = difflib.get_close_matches(spelling.lower(), SPELLINGS, n=1)
        hint = f" Did you mean 'odbc_{SPELLINGS[near[0]]}'?" if near else ""
        raise exc.ArgumentError(f"The URL's option {name!r} is not known: the driver has no keyword {spelling!r}.{hint}")
    return SPELLINGS[spelling.lower()]


def _warn_of_no_certificate(name: str) -> None:
    warnings.warn(
        f"{name} is empty, which switched certificate verification off in sqlalchemy-neon-serverless. Here it stays "
        "on, with the system's certificates: every request carries the password. Name your network's own certificate "
        "authority with sslrootcert=/path/to/ca.pem.",
        stacklevel=2,
    )


def _read_option(name: str, value: str, out: Dict[str, str]) -> None:
    if name == "ssl_cert_file" and not value:
        _warn_of_no_certificate(name)
        return
    keywords, read = OPTIONS[name]
    try:
        text = read(value)
    except ValueError as wanted:
        raise exc.ArgumentError(f"The URL's option {name}={value!r} is not possible: it wants {wanted}.") from None
    if len(keywords) == 1:
        _set(name, keywords[0], text, out)
    else:
        for keyword in keywords:
            out.setdefault(keyword, text)


def _options(query: Mapping[str, Values]) -> Dict[str, str]:
    out: Dict[str, str] = {}
    # options with one meaning win over "timeout", which stands for several
    for name in sorted(query, key=lambda name: len(OPTIONS.get(name, ((), None))[0])):
        value = single(name, query[name])
        if name in OPTIONS:
            _read_option(name, value, out)
        elif name.startswith("odbc_") and name != "odbc_connect":
            _set(name, _keyword_of(name), value, out)
        elif name not in IGNORED and name not in OURS:
            raise unknown(name)
    return out


# What pyodbc.connect() and aioodbc.connect() know themselves; anything else they would write into the connection string, where
# an unknown keyword is only a warning.
_PYODBC = frozenset(("autocommit", "readonly", "ansi", "attrs_before", "encoding", "executor", "loop", "echo", "after_created"))


def from_arguments(arguments: Mapping[str, Any]) -> Tuple[str, Dict[str, Any]]:
    """connect_args: the options of a URL as the beginning of a connection string, and what is for pyodbc."""
    ours: Dict[str, Values] = {}
    theirs: Dict[str, Any] = {}
    for name, value in arguments.items():
        if name in _PYODBC or name == "dsn" or name.startswith("async_"):
            theirs[name] = value
        else:
            ours[name] = str(value)
    keywords = _options(ours)
    return "".join(f"{keyword}={quote(value)};" for keyword, value in keywords.items()), theirs


def _from_environment(keywords: Dict[str, str]) -> None:
    """SSL_CERT_FILE as the replaced project reads it, but for its empty form: there is no unverified connection."""
    if "CAFile" in keywords or "SSL_CERT_FILE" not in os.environ:
        return
    path = os.environ["SSL_CERT_FILE"]
    if path:
        keywords["CAFile"] = path
    else:
        _warn_of_no_certificate("SSL_CERT_FILE")


def _port(url: URL, keywords: Dict[str, str]) -> None:
    if url.port is not None and "Port" not in keywords and url.port != 5432:
        keywords["Port"] = str(url.port)


def wants_autocommit(url: URL) -> bool:
    """``autocommit=true``: what create_engine(isolation_level="AUTOCOMMIT") says, in the URL."""
    value = single("autocommit", url.query.get("autocommit", "0"))
    try:
        return _flag(value) == "1"
    except ValueError as wanted:
        raise exc.ArgumentError(f"The URL's option autocommit={value!r} is not possible: it wants {wanted}.") from None


def transport_of(value: str) -> str:
    try:
        return _transport(value)
    except ValueError as wanted:
        raise exc.ArgumentError(f"Transport={value!r} is not possible: it wants {wanted}.") from None


_PAIR = re.compile(r"[;\s]*([^=;]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)")


def read_pairs(text: str) -> Dict[str, str]:
    """The keywords of a whole connection string, in lower case, to look at: the first of two counts, as in the driver."""
    out: Dict[str, str] = {}
    for m in _PAIR.finditer(text):
        value = m.group(2)
        if value.startswith("{"):
            value = value[1:-1].replace("}}", "}")
        out.setdefault(m.group(1).strip().lower(), value.strip())
    return out


def refuse_lost_settings(text: str) -> None:
    """Over HTTP the server never sees them: the driver says so by 01S00, which pyodbc does not show."""
    keywords = read_pairs(text)
    is_setting = any(word.startswith("-") for word in keywords.get("options", "").split())
    if is_setting and keywords.get("transport", "").lower() != "websocket":
        raise exc.ArgumentError(
            "options holds settings for the server (-c name=value), which have no effect over HTTP. Use search_path=, timezone=, "
            "statement_timeout= or role=, store them with ALTER ROLE ... SET, or connect with transport=websocket."
        )


def _with_defaults(text: str, defaults: Mapping[str, str]) -> Tuple[str, Dict[str, str]]:
    """What the dialect relies on behind what the user wrote, unless the user wrote it."""
    keywords = read_pairs(text)
    missing = [(keyword, value) for keyword, value in defaults.items() if keyword.lower() not in keywords]
    whole = ";".join([text.rstrip("; ")] + [f"{keyword}={quote(value)}" for keyword, value in missing])
    return whole, {**keywords, **{keyword.lower(): value for keyword, value in missing}}


def connection_string(url: URL, defaults: Mapping[str, str]) -> Tuple[str, Dict[str, str]]:
    """The whole string, and the keywords in it, in lower case, for the dialect to look at."""
    query: Dict[str, Any] = dict(url.query)

    if "odbc_connect" in query:
        if set(query) - {"odbc_connect", "autocommit"} or url.host:
            raise exc.ArgumentError("odbc_connect is a whole connection string: it excludes a host and other options.")
        return _with_defaults(single("odbc_connect", query["odbc_connect"]), defaults)
    keywords = _options(query)
    _from_environment(keywords)
    _port(url, keywords)
    parts: List[Tuple[str, Optional[str]]] = []
    if "dsn" in query:
        parts.append(("DSN", single("dsn", query["dsn"])))
    else:
        if not url.host:
            raise exc.ArgumentError(
                "The URL names no host: postgresql+neonodbc://user:password@ep-....neon.tech/database, or ?dsn=NAME."
            )
        parts.append(("Driver", single("driver", query.get("driver", DRIVER_NAME))))
    parts += [("Server", url.host), ("Database", url.database), ("UID", url.username)]
    if "Token" not in keywords and "TokenFile" not in keywords:  # a token is there instead of the password
        parts.append(("PWD", url.password))
    for name, value in parts:
        if value and keywords.get(name, value) != value:
            raise exc.ArgumentError(f"The URL says {name} twice: by itself and with odbc_{name}, leave one out.")
    parts += list(keywords.items())
    return _with_defaults(";".join(f"{keyword}={quote(str(value))}" for keyword, value in parts if value), defaults)
