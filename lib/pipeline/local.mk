libcoldseal_a_SOURCES +=
