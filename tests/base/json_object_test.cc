#include "base/json_object.h"

#include <gtest/gtest.h>

namespace edgeopt {
namespace {

using nlohmann::json;

#define EXPECT_WRONG(result, words)                                                           \
  do {                                                                                        \
    const auto& wrong = (result);                                                             \
    ASSERT_FALSE(wrong.ok());                                                                 \
    EXPECT_EQ(wrong.error().code, ErrorCode::kBadInput);                                      \
    EXPECT_NE(wrong.error().message.find(words), std::string::npos) << wrong.error().message; \
  } while (false)

TEST(JsonObject, GivesFieldsOfTheirType) {
  const json value = {{"t", "a"},  {"i", -3},         {"n", 0.5},
                      {"b", true}, {"l", {"x", "y"}}, {"o", {{"k", 1}}}};
  auto object = JsonObject::Of(value, "here").value();
  EXPECT_EQ(object.Text("t").value(), "a");
  EXPECT_EQ(object.Integer("i", -3, 3).value(), -3);
  EXPECT_EQ(object.Number("n", 0, 1).value(), 0.5);
  EXPECT_TRUE(object.Bool("b").value());
  EXPECT_EQ(object.Texts("l").value(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(object.Array("l").value()->size(), 2u);
  EXPECT_EQ(object.Object("o").value()->at("k"), 1);
  EXPECT_TRUE(object.Finish().ok());
}

TEST(JsonObject, NamesWhatIsWrong) {
  const json list = json::array();
  EXPECT_WRONG(JsonObject::Of(list, "here"), "here is not an object");
  const json value = {{"t", 1},   {"i", 4},        {"u", UINT64_MAX},
                      {"f", 1.0}, {"l", {"x", 2}}, {"o", "text"}};
  auto object = JsonObject::Of(value, "here").value();
  EXPECT_WRONG(object.Text("gone"), "here: 'gone' is missing (text)");
  EXPECT_WRONG(object.Text("t"), "here: 't' is not a text");
  EXPECT_WRONG(object.Integer("i", 0, 3), "'i' is not an integer from 0 to 3");
  EXPECT_WRONG(object.Integer("u", 0, INT64_MAX), "'u' is not an integer");
  EXPECT_WRONG(object.Integer("f", 0, 3), "'f' is not an integer");
  EXPECT_WRONG(object.Number("i", 0, 3), "'i' is not a number from 0");
  EXPECT_WRONG(object.Bool("t"), "'t' is not true or false");
  EXPECT_WRONG(object.Texts("l"), "'l' is not an array of texts");
  EXPECT_WRONG(object.Array("o"), "'o' is not an array");
  EXPECT_WRONG(object.Object("o"), "'o' is not an object");
  EXPECT_WRONG(object.Require("gone"), "'gone' is missing");
  EXPECT_TRUE(object.Finish().ok());
}

TEST(JsonObject, LeavesAloneWhatIsNotThere) {
  const json value = {{"t", "a"}, {"n", 2}, {"map", {{"k", 1}}}, {"null", nullptr}};
  auto object = JsonObject::Of(value, "here").value();
  std::string text = "before", other = "before";
  std::optional<int64_t> number, none;
  std::map<std::string, double> map;
  EXPECT_TRUE(object.Read("t", text).ok());
  EXPECT_TRUE(object.Read("gone", other).ok());
  EXPECT_TRUE(object.Read("n", number).ok());
  EXPECT_TRUE(object.Read("gone", none).ok());
  EXPECT_TRUE(object.Read("map", map).ok());
  EXPECT_EQ(text, "a");
  EXPECT_EQ(other, "before");
  EXPECT_EQ(number, 2);
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(map, (std::map<std::string, double>{{"k", 1}}));
  EXPECT_EQ(object.ArrayIfAny("gone").value(), nullptr);
  EXPECT_WRONG(object.Read("null", text), "'null' is not a text");
  EXPECT_WRONG(object.ArrayIfAny("t"), "'t' is not an array");
}

TEST(JsonObject, RefusesWhatNobodyAskedFor) {
  const json value = {{"a", 1}, {"b", 2}};
  auto object = JsonObject::Of(value, "here").value();
  ASSERT_TRUE(object.Integer("a", 0, 9).ok());
  EXPECT_WRONG(object.Finish(), "here: unknown field 'b'");
  // A field that was refused was asked for.
  EXPECT_FALSE(object.Text("b").ok());
  EXPECT_TRUE(object.Finish().ok());
}

TEST(JsonLine, IsOneLineOfUtf8) {
  EXPECT_EQ(JsonLine({{"a", "x\ny"}}), "{\"a\":\"x\\ny\"}");
  EXPECT_EQ(JsonLine({{"a", "\xff"}}), "{\"a\":\"\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace edgeopt
