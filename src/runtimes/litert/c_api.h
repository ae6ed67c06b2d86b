// The part of LiteRT's C interface that is used here, declared by hand so that no header of it is
// needed. Source: the headers of LiteRT 2.1.4 (litert/c/litert_*.h, Apache-2.0). Other versions
// differ under the same symbols (2.3.0's calls that make a model take one argument more).
//
// The library of the wheel 2.1.4 was built some days before the release's tag. What its headers
// promise and it does not have: the environment's option for the least severity of log messages.
#pragma once

#include <cstddef>
#include <cstdint>

namespace edgeopt::runtimes::litert {

// Handles. Who makes one destroys it, unless noted.
struct EnvironmentT;
struct ModelT;
struct OptionsT;
struct OpaqueOptionsT;
struct CompiledModelT;
struct TensorBufferT;
struct ProfilerT;  // the compiled model's

enum ApiStatus : int {
  kOk = 0,
  kErrorInvalidArgument = 1,
  kErrorMemoryAllocationFailure = 2,
  kErrorRuntimeFailure = 3,
  kErrorMissingInputTensor = 4,
  kErrorUnsupported = 5,
  kErrorNotFound = 6,
  kErrorFileIo = 500,
  kErrorInvalidFlatbuffer = 501,
};

enum ElementType : int {
  kElementNone = 0,
  kElementFloat32 = 1,
  kElementInt32 = 2,
  kElementUint8 = 3,
  kElementInt64 = 4,
  kElementString = 5,
  kElementBool = 6,
  kElementInt16 = 7,
  kElementComplex64 = 8,
  kElementInt8 = 9,
  kElementFloat16 = 10,
  kElementFloat64 = 11,
  kElementComplex128 = 12,
  kElementUint64 = 13,
  kElementUint32 = 16,
  kElementUint16 = 17,
  kElementInt4 = 18,
  kElementBfloat16 = 19,
  kElementInt2 = 20,
};

constexpr int kAcceleratorCpu = 1;    // a bit of LiteRtHwAccelerators
constexpr int kBufferHostMemory = 1;  // of LiteRtTensorBufferType
constexpr size_t kMaxRank = 8;

struct Layout {
  unsigned int rank : 7;
  bool has_strides : 1;
  int32_t dimensions[kMaxRank];
  uint32_t strides[kMaxRank];
};
static_assert(sizeof(Layout) == 68 && offsetof(Layout, dimensions) == 4);

struct RankedTensorType {
  ElementType element_type;
  Layout layout;
};
static_assert(sizeof(RankedTensorType) == 72 && offsetof(RankedTensorType, layout) == 4);

// LiteRtEnvOption: a tag and a LiteRtAny.
struct EnvironmentOption {
  int tag;
  int value_type;
  int padding;
  int64_t int_value;
};
static_assert(sizeof(EnvironmentOption) == 24 && offsetof(EnvironmentOption, int_value) == 16);
constexpr int kTagAutoRegisterAccelerators = 24;
constexpr int kAnyTypeInt = 2;

struct MemoryUsage {
  size_t total_allocated_bytes, in_use_allocated_bytes, private_footprint_bytes;
};

// Bits of LiteRtProfilerEventType.
constexpr int kEventOperator = 1 << 1;                  // one of LiteRT's own kernels
constexpr int kEventDelegateOperator = 1 << 2;          // inside a delegate
constexpr int kEventDelegateProfiledOperator = 1 << 3;  // inside a delegate, in place of its node

struct ProfiledEvent {
  const char* tag;  // the profiler's, until it is reset
  int event_type;
  uint64_t start_us, elapsed_us;
  MemoryUsage begin_memory, end_memory;
  uint64_t metadata1, metadata2;
  int source;
};
static_assert(sizeof(ProfiledEvent) == 104);

// The functions, by their names without "LiteRt".
struct Api {
  ApiStatus (*CreateEnvironment)(int count, const EnvironmentOption* options, EnvironmentT**);
  void (*DestroyEnvironment)(EnvironmentT*);
  // The bytes must stay valid while the model lives.
  ApiStatus (*CreateModelFromBuffer)(const void* data, size_t size_bytes, ModelT**);
  void (*DestroyModel)(ModelT*);
  ApiStatus (*CreateOptions)(OptionsT**);
  void (*DestroyOptions)(OptionsT*);
  ApiStatus (*SetOptionsHardwareAccelerators)(OptionsT*, int accelerators);
  ApiStatus (*CreateOpaqueOptions)(const char* identifier, void* payload,
                                   void (*destroy_payload)(void*), OpaqueOptionsT**);
  void (*DestroyOpaqueOptions)(OpaqueOptionsT*);
  ApiStatus (*AddOpaqueOptions)(OptionsT*, OpaqueOptionsT*);  // takes them over
  ApiStatus (*CreateCompiledModel)(EnvironmentT*, ModelT*, OptionsT*, CompiledModelT**);
  void (*DestroyCompiledModel)(CompiledModelT*);
  // Positions of inputs and outputs are those of the signature's subgraph.
  ApiStatus (*CompiledModelResizeInputTensor)(CompiledModelT*, size_t signature, size_t input,
                                              const int* dims, size_t rank);
  ApiStatus (*GetCompiledModelOutputTensorLayouts)(CompiledModelT*, size_t signature, size_t count,
                                                   Layout*, bool update_allocation);
  ApiStatus (*RunCompiledModel)(CompiledModelT*, size_t signature, size_t input_count,
                                TensorBufferT** inputs, size_t output_count,
                                TensorBufferT** outputs);
  ApiStatus (*CreateManagedTensorBuffer)(EnvironmentT*, int buffer_type, const RankedTensorType*,
                                         size_t size_bytes, TensorBufferT**);
  ApiStatus (*GetTensorBufferHostMemory)(TensorBufferT*, void** address);
  void (*DestroyTensorBuffer)(TensorBufferT*);
  ApiStatus (*CompiledModelGetProfiler)(CompiledModelT*, ProfilerT**);
  ApiStatus (*StartProfiler)(ProfilerT*);  // forgets what was recorded
  ApiStatus (*StopProfiler)(ProfilerT*);
  ApiStatus (*GetNumProfilerEvents)(ProfilerT*, int* count);
  ApiStatus (*GetProfilerEvents)(ProfilerT*, int count, ProfiledEvent*);
};

}  // namespace edgeopt::runtimes::litert
