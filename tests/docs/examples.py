"""Runs the examples of documents against the services of tests/with-services.sh. Prints TAP; called by examples.sh.

A fenced block with a language is an example:

  sh sql python perl php r tcl ruby js go rust c csharp   is run; it must succeed. sql goes through `neon-odbc query mydb`.
  ini            is appended to ~/.odbc.ini; each of its data sources must connect
  connstr        connection strings, one a line: each must connect
  text           what the example before it prints: compared line by line, "…" stands for anything
  console        like text, but not compared: what a person sees

A block without a language is not an example. `<!-- not run: why -->` on the line before a block leaves it out. Blocks of a
page run in order and share a home, which begins with the data source mydb, unless the page makes it itself.

The canonical address of the documents, postgresql://user:password@ep-….aws.neon.tech/db, and its parts are replaced by the
services', and ApiHost is added: nothing else is changed.
"""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree

TOP = pathlib.Path(sys.argv[1])
ENV = os.environ
BUILD = pathlib.Path(ENV["NEON_TEST_BUILDDIR"])
SCRATCH = pathlib.Path(ENV["NEON_TEST_DIR"]) / "tmp"
ENDPOINT = "ep-….aws.neon.tech"
URL = f"postgresql://user:password@{ENDPOINT}/db"
LIMIT_SECONDS = 1200  # some compile what they use, and nothing is measured here

encoded = urllib.parse.quote(ENV["NEON_TEST_PASSWORD"], safe="")
REAL_URL = f"postgresql://app:{encoded}@{ENV['NEON_TEST_SERVER']}/shop"
API = {"ApiHost": ENV["NEON_TEST_GATEWAY_URL"], "AllowInsecure": "1"}
count = failures = 0


def case(name, good, detail=""):
    global count, failures
    count += 1
    print("ok" if good else "not ok", count, "-", name, flush=True)
    if not good:
        failures += 1
        print("# " + detail.strip().replace("\n", "\n# "), flush=True)


def skipped(name, why):
    global count
    count += 1
    print(f"{why}\nok {count} - {name} # SKIP", flush=True)


class Block:
    def __init__(self, language, line, text, reason):
        self.language, self.line, self.text, self.reason = language, line, text, reason


def blocks_of(page):
    found, inside, before = [], None, ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = re.match(r"^(\s*)```(.*)$", line)
        if fence and inside is None:
            reason = re.search(r"<!-- not run: (.*?) -->", before)
            inside = Block(fence.group(2).strip().split(" ")[0], number, "", reason and reason.group(1))
        elif fence:
            found.append(inside)
            inside = None
        elif inside:
            inside.text += line + "\n"
        if line.strip() and inside is None:
            before = line
    return found


def real(text, language):
    """The document's text with the services' address in it."""
    api = " ".join(f"{key}={value}" for key, value in API.items())
    if language == "sh":
        # (a command that takes keywords gets the address of the gateway as two more)
        text = re.sub(r"(neon-odbc dsn add [^\n]*?)(\s*(?:<<|\||#|\n))", lambda m: f"{m.group(1)} {api}{m.group(2)}", text)
    if language == "ini":
        lines = "".join(f"{key} = {value}\n" for key, value in API.items())
        text = re.sub(r"(?m)^(Driver *= *Neon *\n)", lambda m: m.group(1) + lines, text)
    text = re.sub(r"(Driver=\{?Neon\}?;)", lambda m: m.group(1) + ";".join(f"{k}={v}" for k, v in API.items()) + ";", text)
    text = text.replace(URL, REAL_URL)
    if ENDPOINT in text or language in ("ini", "connstr"):
        braced = "{" + ENV["NEON_TEST_PASSWORD"].replace("}", "}}") + "}"
        plain = ENV["NEON_TEST_PASSWORD"]
        text = text.replace(ENDPOINT, ENV["NEON_TEST_SERVER"])
        text = re.sub(r"(?m)\b(UID *= *)user\b", lambda m: m.group(1) + "app", text)
        text = re.sub(r"(?m)\b(Database *= *)db\b", lambda m: m.group(1) + "shop", text)
        text = re.sub(r"(?m)\b(PWD *= *)password\b", lambda m: m.group(1) + (plain if language == "ini" else braced), text)
    return text


def python():
    for name in ("python3", "/usr/bin/python3"):
        if subprocess.run([name, "-c", "import pyodbc"], capture_output=True, check=False).returncode == 0:
            return name
    return None


class Missing(Exception):
    pass


# tests/sqlalchemy/test_package.py runs the examples of these pages.
SQLALCHEMY_PAGES = re.findall(r'"([a-z-]+\.md)"', (TOP / "tests/sqlalchemy/test_package.py").read_text().split("DOCUMENTS = [")[1].split("]")[0])


def need(program):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} is not installed: tests/deps.sh clients")
    return path


def built(client, what):
    """What tests/clients/X.sh left behind, when it ran in the same services."""
    folder = SCRATCH / f"client-{client}"
    if not (folder / what).exists():
        raise Missing(f"tests/clients/{client}.sh did not run before: {folder.name} is not there")
    return folder


def command(block, home):
    """(arguments, working directory, additions to the environment) that run a block."""
    file = home / f"example-{block.line}"
    file.write_text(real(block.text, block.language))
    languages = {
        "sh": lambda: ["bash", "-eu", "-o", "pipefail", str(file)],
        "perl": lambda: [need("perl"), str(file)],
        "php": lambda: [need("php"), "-d", "display_errors=stderr", str(file)],
        "r": lambda: [need("Rscript"), "--vanilla", str(file)],
        "tcl": lambda: [need("tclsh"), str(file)],
        "ruby": lambda: ["env", "LD_PRELOAD=libodbc.so.2", need("ruby"), str(file)],
        "erlang": lambda: [need("escript"), str(file)],
        "sql": lambda: ["neon-odbc", "query", "mydb", file.read_text().strip()],
    }
    if block.language in languages:
        return languages[block.language](), home, {}
    if block.language == "python":
        return [python() or need("python3-pyodbc"), str(file)], home, {}
    if block.language == "js":
        folder = built("npm_odbc", "node_modules/odbc/lib/bindings")
        return [need("node"), "--input-type=commonjs", "-e", file.read_text()], home, {"NODE_PATH": str(folder / "node_modules")}
    if block.language == "go":
        folder = built("go_odbc", "client")
        work = home / f"go-{block.line}"
        work.mkdir()
        for name in ("go.mod", "go.sum"):
            shutil.copy(folder / name, work)
        shutil.copy(file, work / "main.go")
        return ["go", "run", "."], work, {"HOME": ENV["HOME"], "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    if block.language == "rust":
        folder = built("rust_odbc_api", "target/debug/client")
        work = home / f"rust-{block.line}"
        shutil.copytree(folder, work)
        shutil.copy(file, work / "src" / "main.rs")
        return ["cargo", "run", "--locked", "--offline", "--quiet"], work, {"HOME": ENV["HOME"]}
    if block.language in ("c", "cpp"):
        compiler, libraries = {"c": ("gcc", ["-lodbc"]), "cpp": ("g++", ["-lsoci_core", "-lsoci_odbc", "-lodbc"])}[block.language]
        if "Poco/" in block.text:
            libraries = ["-lPocoDataODBC", "-lPocoData", "-lPocoFoundation"]
        source = file.with_suffix("." + block.language)
        file.rename(source)
        program = home / f"program-{block.line}"
        build = [compiler, "-I/usr/include/soci", str(source), "-o", str(program), *libraries]
        return ["bash", "-c", " ".join(build) + f" && {program}"], home, {}
    if block.language == "csharp":
        program = home / f"program-{block.line}.exe"
        build = [need("mcs"), "-r:System.Data.dll", f"-out:{program}", str(file)]
        return ["bash", "-c", " ".join(build) + f" && mono {program}"], home, {}
    raise ValueError(block.language)


def run(arguments, folder, environment):
    try:
        done = subprocess.run(
            arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=LIMIT_SECONDS, check=False,
        )
    except subprocess.TimeoutExpired as error:
        return 124, f"no end after {error.timeout} s"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def same(printed, wanted):
    """Line by line; blanks at the end do not count, … is anything."""
    printed = [line.rstrip() for line in printed.strip().splitlines()]
    wanted = [line.rstrip() for line in wanted.strip().splitlines()]
    patterns = [".*".join(re.escape(part) for part in line.split("…")) for line in wanted]
    if "…" in wanted:  # a line of its own: any number of lines
        return re.fullmatch("\n".join(patterns).replace("\n.*\n", "\n(?:.*\n)*"), "\n".join(printed)) is not None
    return len(printed) == len(patterns) and all(re.fullmatch(p, line) for p, line in zip(patterns, printed))


def new_home(name):
    home = SCRATCH / "docs" / name
    home.mkdir(parents=True)
    return home


def environment_of(home):
    environment = {key: value for key, value in ENV.items() if not key.startswith(("NEON_", "XDG_", "ODBCINI"))}
    path = f"{BUILD / 'tool'}:{BUILD / 'gateway'}:{ENV['PATH']}"
    # (unixODBC finds ~ by the user's entry in the system, not by HOME)
    return dict(environment, HOME=str(home), ODBCINI=str(home / ".odbc.ini"), PATH=path, LC_ALL="C.UTF-8", LANG="C.UTF-8")


def connects(name, connstr, environment, home):
    code, text = run(["bash", "-c", 'printf "select 1\\n" | isql -b -v -k "$1"', "-", connstr], home, environment)
    case(name, code == 0 and "ERROR" not in text and "1 rows" in text, f"{text}")


def try_sources(name, block, environment, home):
    text = real(block.text, "ini")
    with open(home / ".odbc.ini", "a", encoding="utf-8") as ini:
        ini.write("\n" + text)
    os.chmod(home / ".odbc.ini", 0o600)
    for source in re.findall(r"(?m)^\[(.*)\]$", text):
        connects(f"{name}: [{source}] connects", f"DSN={source}", environment, home)


def check_clients(page):
    """Every line of the compatibility page is a test, and every test has its line."""
    named = set(re.findall(r"`(tests/clients/\w+\.sh|tests/iodbc/\w+\.sh|tests/odbc/isql\.sh)`", page.read_text()))
    there = {f"tests/clients/{file.name}" for file in (TOP / "tests/clients").glob("*.sh")}
    case("clients.md names every test of tests/clients", there <= named, f"missing: {there - named}")
    case("clients.md names no test that is not there", all((TOP / name).exists() for name in named), f"{named}")


class Connection:
    """A connection as a C program makes it, for what no shell shows."""

    def __init__(self, connstr):
        self.odbc = ctypes.CDLL("libodbc.so.2")
        self.env, self.dbc = ctypes.c_void_p(), ctypes.c_void_p()
        self.odbc.SQLAllocHandle(1, None, ctypes.byref(self.env))
        self.odbc.SQLSetEnvAttr(self.env, 200, ctypes.c_void_p(3), 0)
        self.odbc.SQLAllocHandle(2, self.env, ctypes.byref(self.dbc))
        text = connstr.encode()
        self.connected = self.odbc.SQLDriverConnect(self.dbc, None, text, len(text), None, 0, None, 0) in (0, 1)
        self.records = []
        state, message = ctypes.create_string_buffer(6), ctypes.create_string_buffer(2000)
        while self.odbc.SQLGetDiagRec(2, self.dbc, len(self.records) + 1, state, None, message, 2000, None) in (0, 1):
            self.records.append(f"{state.value.decode()} {message.value.decode()}")

    def information(self, item):
        value = ctypes.create_string_buffer(200)
        self.odbc.SQLGetInfo(self.dbc, item, value, 200, None)
        return value.value.decode()

    def close(self):
        if self.connected:
            self.odbc.SQLDisconnect(self.dbc)
        self.odbc.SQLFreeHandle(2, self.dbc)
        self.odbc.SQLFreeHandle(1, self.env)


def check_psqlodbc(page):
    """Connects with each keyword of the table: what the page says is what a connection says."""
    table = page.read_text().split("<!-- psqlodbc keywords -->")[1].split("<!-- end -->")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    for long, short, example, here, *_ in rows:
        for keyword in filter(None, (long, short)):
            db = Connection(real(f"Driver={{Neon}};Url={URL};{keyword}={{{example}}}", "connstr"))
            good = db.connected and any("01S00" in text for text in db.records) == here.startswith("reported")
            case(f"psqlodbc.md: {keyword} is {here.split(':')[0]}", good, "\n".join(db.records))
            db.close()


def check_tableau():
    """Tableau uses a customisation when its names are those of the driver."""
    text = (TOP / "packaging/tableau/neon.tdc").read_text()
    names = [re.search(rf"<{what} name='(.*?)'", text).group(1) for what in ("vendor", "driver")]
    xml.etree.ElementTree.fromstring(text)
    db = Connection(real(f"Driver={{Neon}};Url={URL}", "connstr"))
    said = [db.information(17), db.information(6)]  # SQL_DBMS_NAME, SQL_DRIVER_NAME
    db.close()
    case("office.md: the names in neon.tdc are the driver's", names == said, f"{names}, the driver says {said}")


def follow(page):
    name = page.name
    blocks = [block for block in blocks_of(page) if block.language]
    home = new_home(name)
    environment = environment_of(home)
    if blocks and not any(re.search(r"dsn add mydb |^\[mydb\]", block.text, re.M) for block in blocks):
        arguments = ["neon-odbc", "dsn", "add", "mydb", REAL_URL, *(f"{key}={value}" for key, value in API.items())]
        code, text = run(arguments, home, environment)
        if code != 0:
            case(f"{name}: the data source mydb", False, text)
    if name == "clients.md":
        check_clients(page)
    if name == "office.md":
        check_tableau()
    if name == "psqlodbc.md":
        check_psqlodbc(page)
    printed = None
    for block in blocks:
        title = f"{name}:{block.line} {block.language}"
        if block.reason:
            printed = None
        elif block.language == "console":
            continue
        elif block.language == "python" and "sqlalchemy" in block.text:
            case(f"{title}: tests/sqlalchemy/test_package.py runs it", name in SQLALCHEMY_PAGES, f"{SQLALCHEMY_PAGES}")
            printed = None
        elif block.language == "text":
            if printed is not None:
                case(f"{title}: that is what it prints", same(printed, block.text), f"{printed}\nwanted:\n{block.text}")
        elif block.language == "ini":
            try_sources(title, block, environment, home)
        elif block.language == "connstr":
            for line in real(block.text, "connstr").strip().splitlines():
                connects(f"{title}: {line.split(';')[0]}...", line, environment, home)
        else:
            try:
                arguments, folder, more = command(block, home)
            except Missing as missing:
                if ENV.get("NEON_EXAMPLES_WITHOUT", block.language) == block.language:
                    skipped(title, missing)
                else:  # there everything else has to be installed
                    case(title, False, str(missing))
                printed = None
                continue
            except ValueError:
                case(f"{title}: a language that tests/docs/examples.py knows", False, block.text)
                continue
            code, printed = run(arguments, folder, dict(environment, **more))
            case(title, code == 0, f"exit code {code}\n{printed}")


shutil.rmtree(SCRATCH / "docs", ignore_errors=True)
for argument in sys.argv[2:]:
    document = pathlib.Path(argument)
    if document.name != "gateway.md":  # tests/gateway/test_examples.py follows that one
        follow(document)
print(f"1..{count}")
sys.exit(1 if failures else 0)
