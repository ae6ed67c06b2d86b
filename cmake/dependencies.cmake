# Third-party parts: Debian's packages, and what tools/setup put under EDGEOPT_DEPS_DIR.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(hwy REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(libjpeg-turbo CONFIG REQUIRED)
find_package(LibArchive REQUIRED)
find_package(Protobuf REQUIRED)
# Compiles the TFLite schema on the host. Its headers (libflatbuffers-dev) are all that is used of FlatBuffers.
find_program(EDGEOPT_FLATC flatc REQUIRED)

# ONNX's own C++ library, built once by tools/setup. Whole-archive: its operator schemas register themselves.
set(EDGEOPT_ONNX_DIR "${EDGEOPT_DEPS_DIR}/onnx-1.23.2/${CMAKE_SYSTEM_PROCESSOR}")
if(NOT EXISTS "${EDGEOPT_ONNX_DIR}/lib/libonnx.a")
  message(FATAL_ERROR "ONNX's C++ library is not in ${EDGEOPT_ONNX_DIR}; run tools/setup first")
endif()
add_library(edgeopt_third_party_onnx INTERFACE)
target_include_directories(edgeopt_third_party_onnx SYSTEM INTERFACE "${EDGEOPT_ONNX_DIR}/include")
target_compile_definitions(edgeopt_third_party_onnx INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(edgeopt_third_party_onnx INTERFACE
  -Wl,--whole-archive "${EDGEOPT_ONNX_DIR}/lib/libonnx.a" -Wl,--no-whole-archive
  "${EDGEOPT_ONNX_DIR}/lib/libonnx_proto.a" libprotobuf.a Threads::Threads)

# ONNX Runtime is loaded with dlopen; only its headers are needed to build.
set(EDGEOPT_ONNXRUNTIME_DIR "${EDGEOPT_DEPS_DIR}/onnxruntime-1.31.1")
set(EDGEOPT_LITERT_DIR "${EDGEOPT_DEPS_DIR}/litert-2.1.4")
add_library(edgeopt_third_party_onnxruntime INTERFACE)
target_include_directories(edgeopt_third_party_onnxruntime SYSTEM INTERFACE
  "${EDGEOPT_ONNXRUNTIME_DIR}/include")
