#include "legacy/training/trained_model.h"

namespace bivox {

GmmModel make_gmm_model(const GmmHmm& trained, std::string rung,
                        std::shared_ptr<const GmmModel> first_pass) {
  GmmModel model{.rung = std::move(rung),
                 .front_end = training_front_end(trained.form),
                 .hmm = HmmFile(trained.tree),
                 .mixtures = trained.mixtures,
                 .transform = trained.transform,
                 .dictionary = {},
                 .first_pass = std::move(first_pass)};
  model.hmm.transitions = trained.transitions;
  return model;
}

}  // namespace bivox
