# Real models that tests read: one network as ONNX and as TFLite, so that each runtime is the other's independent truth.

readonly basic_pitch_version=0.4.0

install_test_models() {
  local destination=$cache/basic-pitch-$basic_pitch_version key work
  key="basic-pitch $basic_pitch_version $(requirements_key test-models)"
  is_current "$destination" "$key" && return 0
  say "fetching the tests' models"
  work=$(new_temp_folder)
  fetch_wheel x86_64 test-models "$work/wheel"
  local models=basic_pitch/saved_models/icassp_2022 about=basic_pitch-$basic_pitch_version.dist-info
  unpack_wheel "$work/wheel" "$work/out" "$models/nmp.onnx=nmp.onnx" "$models/nmp.tflite=nmp.tflite" \
    "$about/LICENSE=LICENSE" "$about/NOTICE=NOTICE"
  publish "$work/out" "$destination" "$key"
}
