// Expressions of a program's symbols. Internal to formats/pt2.
#pragma once

#include <string>
#include <string_view>

namespace edgeopt::formats::pt2 {

// What torch.export writes for a size, SymPy's srepr form, as a person writes it:
// "Mul(Integer(2), Symbol('s77', positive=True, integer=True))" gives "2*s77". A text of another
// form is returned as it is, cut after 200 characters.
std::string PrettyExpression(std::string_view srepr);

}  // namespace edgeopt::formats::pt2
