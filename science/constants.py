"""Physical constants, each once, with its source; derived ones are computed from the primary ones.

Does not live here: emission factors and GWPs (data with dates: the ``energy`` app, ``gwp.py``),
limits of plausibility (``limits.py``), thresholds of quality flags (``quality.py``).

=========================================  ========  ==================  ====================================
Name                                       Symbol    Unit                Source
=========================================  ========  ==================  ====================================
GAS_CONSTANT_J_PER_MOL_K                   R         J/(mol K)           exact, SI of 2019 (k times N_A)
MOLAR_MASS_CO2_KG_PER_MOL                  M_CO2     kg/mol              IUPAC atomic weights, conventional
MOLAR_MASS_CH4_KG_PER_MOL                  M_CH4     kg/mol              IUPAC atomic weights, conventional
MOLAR_MASS_H2O_KG_PER_MOL                  M_H2O     kg/mol              IUPAC atomic weights, conventional
MOLAR_MASS_C_KG_PER_MOL                    M_C       kg/mol              IUPAC atomic weights, conventional
MOLAR_MASS_H_KG_PER_MOL                    M_H       kg/mol              IUPAC atomic weights, conventional
STANDARD_PRESSURE_PA                       P_0       Pa                  standard atmosphere, CGPM 1954
ZERO_CELSIUS_K                             T_0       K                   definition of the Celsius scale
ISA_SEA_LEVEL_TEMPERATURE_K                -         K                   ISO 2533:1975
ISA_LAPSE_RATE_K_PER_M                     -         K/m                 ISO 2533:1975
ISA_PRESSURE_EXPONENT                      -         1                   ISO 2533:1975, g M / (R L)
BACKGROUND_CO2_PPM                         x_bg      ppm                 global mean of 2025, about 425
OXYGEN_IN_AIR_PCT                          -         %                   dry air, 40 CFR 60 method 19
=========================================  ========  ==================  ====================================
"""

GAS_CONSTANT_J_PER_MOL_K = 8.31446261815324
MOLAR_MASS_CO2_KG_PER_MOL = 0.0440095
MOLAR_MASS_CH4_KG_PER_MOL = 0.0160425
MOLAR_MASS_H2O_KG_PER_MOL = 0.01801528
MOLAR_MASS_C_KG_PER_MOL = 0.0120107
MOLAR_MASS_H_KG_PER_MOL = 0.00100794

STANDARD_PRESSURE_PA = 101_325.0
ZERO_CELSIUS_K = 273.15

ISA_SEA_LEVEL_TEMPERATURE_K = 288.15
ISA_LAPSE_RATE_K_PER_M = 0.0065
ISA_PRESSURE_EXPONENT = 5.25588

BACKGROUND_CO2_PPM = 425.0
OXYGEN_IN_AIR_PCT = 20.9

#: kg K/J. Density of pure CO2 is this times P/T: 0.00529312621.
CO2_DENSITY_FACTOR_KG_K_PER_J = MOLAR_MASS_CO2_KG_PER_MOL / GAS_CONSTANT_J_PER_MOL_K
