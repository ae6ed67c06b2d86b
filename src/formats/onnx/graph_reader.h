// Builds an ir::Graph from a GraphProto or a FunctionProto. Internal to formats/onnx.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {

// One graph being read, linked to the graphs around it: a name that this graph does not define is
// looked up outwards, and becomes a captured value here and in every graph between.
class GraphReader {
 public:
  GraphReader(const ExternalData& external, GraphReader* outer)
      : external_(external), outer_(outer) {}

  Result<ir::Graph> Read(onnx::GraphProto& proto);
  // The body; name, domain, attributes and imports are the caller's business.
  Result<ir::Graph> Read(onnx::FunctionProto& proto);
  Result<ir::Attribute> ReadAttribute(onnx::AttributeProto& proto);

 private:
  Status DeclareInput(const std::string& name);
  Status DeclareInitializers(onnx::GraphProto& proto);
  Status DeclareInitializer(const std::string& name);
  Status DeclareNodeOutputs(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes);
  Status Describe(onnx::ValueInfoProto& proto, bool create);
  Status ReadNodes(google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes);
  Status ReadNode(onnx::NodeProto& proto);
  Result<std::vector<ir::ValueId>> ReadInputs(const onnx::NodeProto& proto);
  Status ReadAttributeValue(onnx::AttributeProto& proto, onnx::AttributeProto::AttributeType type,
                            ir::Attribute::Value& value);
  Result<ir::GraphPtr> ReadSubgraph(onnx::GraphProto& proto);
  Status AddOutput(const std::string& name);
  bool Knows(const std::string& name) const;
  ir::ValueId Resolve(const std::string& name);

  const ExternalData& external_;
  GraphReader* outer_;
  ir::Graph graph_;
};

// "node 'conv1' (Conv)", from the proto.
std::string Describe(const onnx::NodeProto& node);

}  // namespace edgeopt::formats::internal
