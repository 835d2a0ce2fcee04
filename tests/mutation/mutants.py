"""The mutants: one wrong line each, of the kind that a tired mathematician writes."""

from attention_mutants import ATTENTION_MUTANTS, CHOICE_MUTANTS
from concept_mutants import CONCEPT_MUTANTS, CONTRASTIVE_MUTANTS
from descent_mutants import DESCENT_MUTANTS
from limit_mutants import LIMIT_MUTANTS
from scale_mutants import SCALE_MUTANTS
from support_mutants import SUPPORT_MUTANTS

MUTANTS = (
    *DESCENT_MUTANTS,
    *LIMIT_MUTANTS,
    *SCALE_MUTANTS,
    *SUPPORT_MUTANTS,
    *CONCEPT_MUTANTS,
    *CONTRASTIVE_MUTANTS,
    *CHOICE_MUTANTS,
    *ATTENTION_MUTANTS,
)
