"""Figures for the township and the county: village totals by the rules of `shared.rules`, never a list of people by what they did."""
