# Debian packages. apt is called only when one is missing.

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "root is needed, and there is no sudo. As root run: $*"
  fi
}

missing_packages() { # NAME...
  dpkg-query -W -f '${db:Status-Status} ${Package} ${Package}:${Architecture}\n' "$@" 2>/dev/null |
    awk 'NR == FNR { if ($1 == "installed") { have[$2]; have[$3] } next } !($1 in have)' - <(printf '%s\n' "$@") || true
}

install_packages() { # LIST_FILE...
  local wanted missing
  mapfile -t wanted < <(grep -hv -e '^#' -e '^$' "$@")
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]})) || return 0
  say "installing Debian packages: ${missing[*]}"
  if [[ ${missing[*]} == *:arm64* && $(dpkg --print-foreign-architectures) != *arm64* ]]; then
    as_root dpkg --add-architecture arm64
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  if ! { as_root "${apt[@]}" update &&
    as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$cache/apt.log" 2>&1; then
    tail -n 20 "$cache/apt.log" >&2
    fail "apt-get could not install them; its whole output is in $cache/apt.log"
  fi
}
