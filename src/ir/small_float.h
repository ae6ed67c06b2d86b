// 8-, 6- and 4-bit floating-point formats.
#pragma once

#include "ir/data_type.h"

namespace edgeopt::ir {

// Decodes `bits` (the element's bits in the low end). Exact: every such value is a float.
// Sources: arXiv 2209.05433 (E4M3FN, E5M2), arXiv 2206.02915 (the FNUZ forms), OCP Microscaling
// Formats 1.0 sections 5.3.1 to 5.3.3 (E2M1, E2M3, E3M2) and 5.4.1 (E8M0).
float SmallFloatToFloat(DataType type, unsigned bits);

}  // namespace edgeopt::ir
