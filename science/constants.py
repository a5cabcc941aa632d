"""Physical constants, each once, with its source; derived ones are computed from the primary ones.

Does not live here: emission factors and GWPs (data with dates: the ``energy`` app, ``gwp.py``),
limits of plausibility (``limits.py``), thresholds of quality flags (``quality.py``).
"""

GAS_CONSTANT_J_PER_MOL_K = 8.31446261815324  # R: exact, SI of 2019 (k times N_A)
# Molar masses: IUPAC atomic weights, conventional.
MOLAR_MASS_CO2_KG_PER_MOL = 0.0440095
MOLAR_MASS_CH4_KG_PER_MOL = 0.0160425
MOLAR_MASS_H2O_KG_PER_MOL = 0.01801528
MOLAR_MASS_C_KG_PER_MOL = 0.0120107
MOLAR_MASS_H_KG_PER_MOL = 0.00100794

STANDARD_PRESSURE_PA = 101_325.0  # standard atmosphere, CGPM 1954
ZERO_CELSIUS_K = 273.15  # definition of the Celsius scale

# ISO 2533:1975.
ISA_SEA_LEVEL_TEMPERATURE_K = 288.15
ISA_LAPSE_RATE_K_PER_M = 0.0065
ISA_PRESSURE_EXPONENT = 5.25588  # g M / (R L)

BACKGROUND_CO2_PPM = 425.0  # global mean of 2025, about 425
OXYGEN_IN_AIR_PCT = 20.9  # dry air, 40 CFR 60 method 19

#: kg K/J. Density of pure CO2 is this times P/T: 0.00529312621.
CO2_DENSITY_FACTOR_KG_K_PER_J = MOLAR_MASS_CO2_KG_PER_MOL / GAS_CONSTANT_J_PER_MOL_K
