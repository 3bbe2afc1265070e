package services.routeguide.client_java;

import java.util.List;
import routeguide.v1.RouteGuideOuterClass.Point;
import routeguide.v1.RouteGuideOuterClass.Rectangle;

/**
 * What a round asks for.
 *
 * @param places asked one by one, and taken as a route from first to last
 */
record Itinerary(List<Point> places, Rectangle area) {
  /** Five places of the server's data set, and one where there is nothing. */
  static final Itinerary NEW_JERSEY =
      new Itinerary(
          List.of(
              point(391_594_848, -748_206_869), // Laurel Bakery
              point(396_313_404, -750_150_637), // Egret Boardwalk
              point(400_785_203, -746_033_912), // Sandbar Bird Hide
              point(404_988_505, -746_256_821), // Nightjar Mill Pond
              point(409_041_203, -747_192_206), // Amber Overlook
              point(400_000_000, -740_000_000)),
          Rectangle.newBuilder()
              .setLow(point(390_000_000, -756_000_000))
              .setHigh(point(414_000_000, -739_000_000))
              .build());

  private static Point point(int latitudeE7, int longitudeE7) {
    return Point.newBuilder().setLatitudeE7(latitudeE7).setLongitudeE7(longitudeE7).build();
  }
}
