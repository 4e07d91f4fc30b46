__all__ = [
    "Augmented",
    "HomogeneousMap",
    "KeywordClassifier",
    "MLPClassifier",
    "MLPRegressor",
    "Recipe",
    "RidgeClassifier",
    "SVMClassifier",
    "UnknownRule",
    "WeightedUnion",
    "calibrate_unknown",
    "fit_recipe",
    "make_recipe",
    "make_table_recipe",
]

from .augmented import (
    Augmented as Augmented,
)
from .auto import (
    AutoRecipe as AutoRecipe,
)
from .auto import (
    Trial as Trial,
)
from .calibration import (
    fit_temperature as fit_temperature,
)
from .calibration import (
    probabilities as probabilities,
)
from .fusion import (
    WeightedUnion as WeightedUnion,
)
from .gram import (
    one_against_rest as one_against_rest,
)
from .gram import (
    svm_dual as svm_dual,
)
from .gram import (
    symmetric_product as symmetric_product,
)
from .heads import (
    Head as Head,
)
from .heads import (
    SVMClassifier as SVMClassifier,
)
from .keywords import (
    KeywordClassifier as KeywordClassifier,
)
from .left_out import (
    choose_block_weights as choose_block_weights,
)
from .left_out import (
    left_out_decisions as left_out_decisions,
)
from .left_out import (
    left_out_loss as left_out_loss,
)
from .losses import (
    named_losses as named_losses,
)
from .maps import (
    HomogeneousMap as HomogeneousMap,
)
from .maps import (
    homogeneous_map as homogeneous_map,
)
from .mirror import (
    mirroring_helps as mirroring_helps,
)
from .mlp import (
    PRESETS as PRESETS,
)
from .mlp import (
    MLPClassifier as MLPClassifier,
)
from .mlp_base import (
    Penalty as Penalty,
)
from .mlp_regressor import (
    MLPRegressor as MLPRegressor,
)
from .mlp_regressor import (
    check_numbers as check_numbers,
)
from .network import (
    Epoch as Epoch,
)
from .network import (
    forward as forward,
)
from .network import (
    train_epochs as train_epochs,
)
from .readable import (
    first_side as first_side,
)
from .recipe import (
    Recipe as Recipe,
)
from .recipes import (
    HEADS as HEADS,
)
from .recipes import (
    KEYWORD_HEADS as KEYWORD_HEADS,
)
from .recipes import (
    RECIPES as RECIPES,
)
from .recipes import (
    REGRESSORS as REGRESSORS,
)
from .recipes import (
    TRY_MIRROR as TRY_MIRROR,
)
from .recipes import (
    head_name as head_name,
)
from .recipes import (
    make_head as make_head,
)
from .recipes import (
    make_recipe as make_recipe,
)
from .recipes import (
    make_table_recipe as make_table_recipe,
)
from .recipes import (
    own_head as own_head,
)
from .recipes import (
    settings_of as settings_of,
)
from .ridge import (
    RidgeClassifier as RidgeClassifier,
)
from .ridge_solving import (
    rbf_gram as rbf_gram,
)
from .ridge_solving import (
    solve_ridge as solve_ridge,
)
from .training import (
    Training as Training,
)
from .training import (
    described_rows as described_rows,
)
from .training import (
    fit_recipe as fit_recipe,
)
from .unknown import (
    UNKNOWN as UNKNOWN,
)
from .unknown import (
    UnknownRule as UnknownRule,
)
from .unknown import (
    abstention_threshold as abstention_threshold,
)
from .unknown import (
    calibrate_unknown as calibrate_unknown,
)
from .unknown import (
    conformal_sets as conformal_sets,
)
from .unknown import (
    pictures_needed as pictures_needed,
)
