"""Says what edgeopt needs to know of a Python before it makes an environment with it: one JSON object on a line.

{"executable": "/usr/bin/python3", "version": [3, 11, 2], "pip": true, "uv_environment": {"UV_DEFAULT_INDEX": "..."}}

`uv_environment`: where uv, which does not read pip's configuration, is to get packages from. What the user has set for
uv itself stays. Runs on every Python 3, so that one which is too old can be told by its version.
"""
import ast
import json
import os
import subprocess
import sys

# pip's option: uv's variable, and the variables of the user that say the same to uv.
SETTINGS = (
    ("index-url", "UV_DEFAULT_INDEX", ("UV_DEFAULT_INDEX", "UV_INDEX_URL")),
    ("extra-index-url", "UV_EXTRA_INDEX_URL", ("UV_EXTRA_INDEX_URL", "UV_INDEX")),
    ("find-links", "UV_FIND_LINKS", ("UV_FIND_LINKS",)),
    ("trusted-host", "UV_INSECURE_HOST", ("UV_INSECURE_HOST",)),
    ("timeout", "UV_HTTP_TIMEOUT", ("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT")),
    ("cert", "SSL_CERT_FILE", ("SSL_CERT_FILE", "SSL_CERT_DIR")),
    ("proxy", "ALL_PROXY", ("ALL_PROXY", "HTTPS_PROXY", "all_proxy", "https_proxy")),
)
SECTIONS = ("global", "install", ":env:")  # the later ones count more


def run_pip(*arguments):
    """Its standard output; None where there is no pip."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check"] + list(arguments)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              universal_newlines=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def read_pip_options(listing):
    """{option: value} of `pip config list`, whose lines are SECTION.OPTION='VALUE'."""
    found = {}
    for line in listing.splitlines():
        key, separator, text = line.partition("=")
        section, _, option = key.rpartition(".")
        if not separator or section not in SECTIONS:
            continue
        try:
            value = str(ast.literal_eval(text))
        except (SyntaxError, ValueError):
            continue
        rank = SECTIONS.index(section)
        if rank >= found.get(option, (-1, ""))[0]:
            found[option] = (rank, " ".join(value.split()))
    return {option: value for option, (_, value) in found.items()}


def usable_links(text):
    """uv separates them by commas, and stops at a folder that is not there, which pip passes over."""
    return ",".join(link for link in text.split() if "://" in link or os.path.exists(link))


def uv_environment(options, environment):
    """The variables to add for uv. `options`: pip's."""
    options = dict(options)
    options["find-links"] = usable_links(options.get("find-links", ""))
    return {variable: options[option] for option, variable, said in SETTINGS
            if options.get(option) and not any(environment.get(name) for name in said)}


def main():
    listing = run_pip("config", "list")
    options = read_pip_options(listing or "")
    print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3]), "pip": listing is not None,
                      "uv_environment": uv_environment(options, os.environ)}))


if __name__ == "__main__":
    main()
