#include "data/csv.h"

namespace edgeopt::data {
namespace {

class CsvParser {
 public:
  explicit CsvParser(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<std::vector<CsvRow>> Parse() {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row{line_, {}};
      do {
        EDGEOPT_TRY(std::string field, Field());
        row.fields.push_back(std::move(field));
      } while (Take(','));
      Take('\r');
      if (Take('\n')) ++line_;
      if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Up to a comma or the line's end, which are left.
  Result<std::string> Field() {
    std::string field;
    if (Take('"')) {
      const int start = line_;
      while (true) {
        if (at_ >= text_.size())
          return BadInput("line " + std::to_string(start) + ": the quote does not end");
        const char c = text_[at_++];
        if (c == '"' && !Take('"')) break;
        if (c == '\n') ++line_;
        field += c;
      }
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' &&
           text_.substr(at_, 2) != "\r\n")
      field += text_[at_++];
    return field;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> ParseCsv(std::string_view text) { return CsvParser(text).Parse(); }

}  // namespace edgeopt::data
