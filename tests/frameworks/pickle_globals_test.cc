#include "frameworks/pickle_globals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/subprocess.h"

namespace edgeopt::frameworks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What CPython's pickle makes of an expression.
std::string Pickled(const std::string& expression, int protocol) {
  const auto done = RunCommand({"/usr/bin/python3", "-c",
                                "import collections, fractions, pickle, sys, datetime\n"
                                "sys.stdout.buffer.write(pickle.dumps(" +
                                    expression + ", " + std::to_string(protocol) + "))"});
  EXPECT_TRUE(done.ok() && done->status.ok());
  std::string bytes = done.ok() ? done->out : "";
  // RunCommand gives lines: the last byte of a pickle is a point, which ends none.
  if (!bytes.empty() && bytes.back() == '\n') bytes.pop_back();
  return bytes;
}

TEST(PickleGlobals, NamesClassesInEveryProtocol) {
  for (int protocol = 0; protocol <= 5; ++protocol) {
    const std::string pickle = Pickled(
        "[fractions.Fraction(1, 3), collections.OrderedDict(a=1), fractions.Fraction(2, 3),"
        " 10 ** 400, 1.5, 'text', None, True, {1: (2, 3)}, b'bytes']",
        protocol);
    const auto globals = ReadPickleGlobals(pickle);
    ASSERT_TRUE(globals.ok()) << protocol << ": " << globals.error().ToString();
    EXPECT_EQ(globals->size_bytes, pickle.size());
    std::vector<std::string> names;
    for (const std::string& name : globals->names)
      if (name != "_codecs.encode" && name != "copyreg._reconstructor" &&
          name != "copy_reg._reconstructor")  // how old protocols write bytes
        names.push_back(name);
    EXPECT_THAT(names, ElementsAre("fractions.Fraction", "collections.OrderedDict")) << protocol;
  }
}

TEST(PickleGlobals, WhatOnlyBytesTellIsUnknown) {
  // STACK_GLOBAL without two texts before it.
  const auto globals = ReadPickleGlobals(std::string("\x80\x04NN\x93.", 6));
  ASSERT_TRUE(globals.ok());
  EXPECT_THAT(globals->names, ElementsAre("?"));
}

TEST(PickleGlobals, CutOffAnywhereIsAnError) {
  const std::string pickle = Pickled("collections.OrderedDict(key='a text of some length')", 4);
  for (size_t size = 0; size < pickle.size(); ++size)
    EXPECT_FALSE(ReadPickleGlobals(pickle.substr(0, size)).ok()) << size;
}

TEST(PickleGlobals, NonsenseIsAnError) {
  const auto unknown = ReadPickleGlobals("\xff\xff");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kBadInput);
  EXPECT_EQ(unknown.error().message, "no pickle: byte 0 is no opcode");
  // A length of 2^64 - 1.
  const auto long_text = ReadPickleGlobals("\x8d\xff\xff\xff\xff\xff\xff\xff\xffxx.");
  ASSERT_FALSE(long_text.ok());
  EXPECT_THAT(long_text.error().message, HasSubstr("cut off"));
}

TEST(PickleGlobals, PlainData) {
  for (const char* name :
       {"collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.FloatStorage",
        "torch.float32", "torch.Size", "torch._utils._rebuild_parameter", "numpy.dtype"})
    EXPECT_TRUE(IsPlainData(name)) << name;
  for (const char* name :
       {"posix.system", "__main__.Net", "torch.nn.modules.conv.Conv2d", "builtins.eval",
        "torch.load", "torch.hub.load", "torch", "?", "torch.jit.BadStorage"})
    EXPECT_FALSE(IsPlainData(name)) << name;
}

}  // namespace
}  // namespace edgeopt::frameworks
