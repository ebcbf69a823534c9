"""Runs cloudformation-validate over templates, as its command would."""

import sys

import cloudformation_validate as validate

engine, config = validate.CompositeEngine(), validate.ValidateConfig()
for path in sys.argv[1:]:
    engine.validate_template(path, config)
