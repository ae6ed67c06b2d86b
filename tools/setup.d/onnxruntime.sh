# ONNX Runtime: the library from its Python wheel, the headers from Debian 13's package (the library serves every
# older version of its interface, and the headers do not depend on the architecture). Neither is installed: unpacked.

readonly onnxruntime_version=1.31.1
readonly header_package=libonnxruntime-dev
readonly header_version=1.21.0+dfsg-1
readonly header_sha256=14f7d959d5deacbcf1504830d4189f91fc67382b399ed9ae9d3aa9c4050ced08

install_onnxruntime() { # ARCH
  local arch=$1 destination=$cache/onnxruntime-$onnxruntime_version/$1 key work
  key="onnxruntime $onnxruntime_version $arch $(requirements_key onnxruntime)"
  is_current "$destination" "$key" && return 0
  say "fetching ONNX Runtime $onnxruntime_version for $arch"
  work=$(new_temp_folder)
  fetch_wheel "$arch" onnxruntime "$work/wheel"
  unpack_wheel "$work/wheel" "$work/out" \
    "onnxruntime/capi/libonnxruntime.so.$onnxruntime_version=lib/libonnxruntime.so.1" \
    onnxruntime/LICENSE=LICENSE onnxruntime/ThirdPartyNotices.txt=ThirdPartyNotices.txt
  publish "$work/out" "$destination" "$key"
}

# The mirror that this machine's own apt configuration names for its main suite.
debian_mirror() {
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 !~ /-|\// && $3 == "main" { print $1; exit }'
}

# Downloads one package of Debian 13 with an apt of its own: lists, cache and state in FOLDER, the machine's untouched.
download_from_trixie() { # FOLDER PACKAGE=VERSION
  local root=$1/apt mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg options=''
  mirror=$(debian_mirror)
  [[ -n $mirror ]] ||
    fail "apt's configuration names no Debian mirror; add one to /etc/apt/sources.list.d (apt-get indextargets lists them)"
  [[ -r $keyring ]] && options="[signed-by=$keyring] "
  mkdir -p "$root"/{lists,cache/archives}/partial
  : >"$root/status"
  echo "deb $options$mirror trixie main" >"$root/sources.list"
  local apt=(apt-get -qq -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Dir::Etc::SourceList="$root/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State="$root" -o Dir::State::Lists="$root/lists" -o Dir::State::status="$root/status"
    -o Dir::Cache="$root/cache")
  "${apt[@]}" update
  (cd "$1" && "${apt[@]}" download "$2")
}

install_onnxruntime_headers() {
  local destination=$cache/onnxruntime-$onnxruntime_version/include work
  local key="$header_package $header_version $header_sha256"
  is_current "$destination" "$key" && return 0
  say "fetching ONNX Runtime's headers"
  work=$(new_temp_folder)
  download_from_trixie "$work" "$header_package=$header_version"
  local package=("$work/$header_package"_*.deb)
  check_sha256 "${package[0]}" "$header_sha256"
  dpkg-deb --extract "${package[0]}" "$work/unpacked"
  publish "$work/unpacked/usr/include/onnxruntime" "$destination" "$key"
}
