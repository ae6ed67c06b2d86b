// Stands in for TensorRT's header of that name.
#pragma once

inline bool initLibNvInferPlugins(void*, const char*) { return true; }
