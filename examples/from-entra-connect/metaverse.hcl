# Attributes of the metaverse that rules use and landfall's own schema lacks.

metaverse {
  attributes = {
    badgeNumber = "text"
  }
}
