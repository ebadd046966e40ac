#include "apps/acoustic_models.h"

#include <fmt/format.h>

#include "asr/convnet/convnet_model.h"
#include "dsp/core/error.h"
#include "legacy/gmm/gmm_model_folder.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/io/model_folder.h"

namespace bivox {

std::shared_ptr<const AcousticModel> load_acoustic_model(const std::filesystem::path& folder) {
  if (!ModelFolder::is_model_folder(folder)) return load_sphinx_model(folder);
  const ModelFolder model = ModelFolder::open(folder);
  if (model.kind() == kConvNetKind) return load_convnet_model(model);
  if (model.kind() == kGmmModelKind) {
    return load_gmm_model(folder).unadapted().acoustic_model(folder.string());
  }
  throw Error(ErrorCode::kModel,
              fmt::format("{}: a model of the kind \"{}\", expected \"{}\" or \"{}\"",
                          folder.string(), model.kind(), kConvNetKind, kGmmModelKind));
}

bool is_acoustic_model(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "mdef", ignored)) return true;
  if (!ModelFolder::is_model_folder(folder)) return false;
  try {
    const std::string kind = ModelFolder::open(folder).kind();
    return kind == kConvNetKind || kind == kGmmModelKind;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace bivox
