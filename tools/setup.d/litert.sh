# LiteRT: the library from its Python wheel, unpacked, not installed. Nothing in it depends on Python, so the wheel for
# Debian 12's own version is taken; there is no licence file in it (Apache-2.0, as its metadata say: kept beside it).

readonly litert_version=2.1.4

install_litert() { # ARCH
  local arch=$1 destination=$cache/litert-$litert_version/$1 key work
  key="litert $litert_version $arch $(requirements_key litert)"
  is_current "$destination" "$key" && return 0
  say "fetching LiteRT $litert_version for $arch"
  work=$(new_temp_folder)
  fetch_wheel "$arch" litert "$work/wheel"
  unpack_wheel "$work/wheel" "$work/out" ai_edge_litert/libLiteRt.so=lib/libLiteRt.so \
    "ai_edge_litert-$litert_version.dist-info/METADATA=METADATA"
  publish "$work/out" "$destination" "$key"
}
