# ONNX's own C++ library (checker, shape inference, version converter), built from its source distribution as static
# libraries against Debian's protobuf. The longest part of the set-up; done once.

readonly onnx_version=1.23.2
# Raise it when the build below changes, so that caches are built anew.
readonly onnx_recipe=1

install_onnx() { # ARCH
  local arch=$1 destination=$cache/onnx-$onnx_version/$1 key work
  key="onnx $onnx_version $arch $(requirements_key onnx) recipe $onnx_recipe"
  is_current "$destination" "$key" && return 0
  say "building ONNX's C++ library $onnx_version for $arch: some minutes, once"
  work=$(new_temp_folder)
  make_venv "$work/venv" onnx-build
  fetch_onnx_source "$work"
  if ! build_onnx "$arch" "$work" >"$work/log" 2>&1; then
    cp "$work/log" "$cache/onnx-$arch.log"
    tail -n 30 "$work/log" >&2
    fail "building ONNX's C++ library failed; the whole output is in $cache/onnx-$arch.log"
  fi
  cp "$work/source/LICENSE" "$work/out/"
  publish "$work/out" "$destination" "$key"
}

fetch_onnx_source() { # WORK_FOLDER
  PATH="$1/venv/bin:$PATH" "$1/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --no-binary=onnx --no-build-isolation --dest "$1/sdist" --requirement "$tools/requirements/onnx.txt"
  mkdir "$1/source"
  tar -xzf "$1"/sdist/onnx-*.tar.gz -C "$1/source" --strip-components=1
}

# -O1: this is code of milliseconds per model, and half the build time.
build_onnx() { # ARCH WORK_FOLDER
  local options=(-G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG"
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_PREFIX="$2/out" -DCMAKE_INSTALL_LIBDIR=lib
    -DPython_EXECUTABLE="$python" -DPython3_EXECUTABLE="$python" -DONNX_BUILD_PYTHON=OFF -DONNX_ML=1
    -DONNX_USE_PROTOBUF_SHARED_LIBS=OFF -DProtobuf_USE_STATIC_LIBS=ON)
  if [[ $1 == aarch64 ]]; then
    options+=(-DCMAKE_TOOLCHAIN_FILE="$tools/../cmake/toolchain-aarch64.cmake"
      -DONNX_CUSTOM_PROTOC_EXECUTABLE=/usr/bin/protoc)
  fi
  "$2/venv/bin/cmake" -S "$2/source" -B "$2/build" "${options[@]}" &&
    "$2/venv/bin/cmake" --build "$2/build" --parallel "$(nproc)" &&
    "$2/venv/bin/cmake" --install "$2/build"
}
